import type { HistoryEvent } from './in-process-stack.ts';

/**
 * Whether an event belongs to a workflow task. One task may serve two causes, and one that would end the workflow is
 * repeated when something arrived meanwhile: their number depends on the timing.
 */
export function isWorkflowTaskEvent(event: HistoryEvent): boolean {
  return Boolean(
    event.workflowTaskScheduledEventAttributes ??
    event.workflowTaskStartedEventAttributes ??
    event.workflowTaskCompletedEventAttributes ??
    event.workflowTaskFailedEventAttributes,
  );
}
