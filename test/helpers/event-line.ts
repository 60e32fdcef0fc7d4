import { EVENTS, type EventRow } from '../../src/observability/event-signals.ts';

/** What every line has. */
const ALWAYS = ['level', 'timestamp', 'name', 'event', 'msg'];

/** What the SDK adds to a line of a workflow. */
const OF_WORKFLOWS = ['sdkComponent', 'taskQueue', 'namespace', 'workflowId', 'runId', 'workflowType'];

/** What the table of events does not say of a line: its event, its level, or members; null: it says all. */
export function unknownIn(line: Readonly<Record<string, unknown>>): string | null {
  const rows: Readonly<Record<string, EventRow>> = EVENTS;
  const row = rows[String(line['event'])];
  if (row === undefined) return `event ${String(line['event'])} in ${JSON.stringify(line)}`;
  if (!row.levels.some((level) => level === line['level'])) return `level ${String(line['level'])}`;
  const known = [...ALWAYS, ...OF_WORKFLOWS, ...row.fields];
  const members = Object.keys(line).filter((member) => !known.includes(member));
  return members.length === 0 ? null : `${String(line['event'])} with ${members.join(', ')}`;
}
