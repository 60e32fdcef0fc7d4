import { ApplicationFailure, type LogMetadata } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { temporalLogger } from '../../src/observability/temporal-logger.ts';

function levelOf(message: string, meta: LogMetadata, level: 'INFO' | 'WARN' | 'ERROR'): unknown {
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', name: 'worker' }, { write: (line) => void lines.push(line) });
  temporalLogger(logger).log(level, message, meta);
  return (JSON.parse(lines.join('')) as { level: unknown }).level;
}

const failure = (type: string): LogMetadata => ({ error: ApplicationFailure.create({ type, message: 'no' }) });

test.each<[string, LogMetadata, 'INFO' | 'WARN' | 'ERROR']>([
  ['Activity failed', failure('ExternalAPIError'), 'WARN'],
  ['Activity failed', failure('OutcomeUnknown'), 'WARN'],
  ['Activity failed', failure('StillProcessing'), 'WARN'],
  ['Workflow failed', { workflowType: 'processRequest', error: new Error('no') }, 'WARN'],
  ['No workflows registered, not polling for workflow tasks', {}, 'WARN'],
  ['No Nexus services registered, not polling for Nexus tasks', {}, 'INFO'],
  ['Worker state changed', { state: 'RUNNING' }, 'INFO'],
])('[M14] the SDK says %s of what is expected: debug (%#)', (message, meta, level) => {
  expect(levelOf(message, meta, level)).toBe('debug');
});

test.each<[string, LogMetadata, 'INFO' | 'WARN' | 'ERROR', string]>([
  ['Activity failed', { error: new TypeError('a defect') }, 'WARN', 'warn'],
  ['Activity failed', failure('OtherVersion'), 'WARN', 'warn'],
  ['Workflow failed', { workflowType: 'invalidateAnswers', error: new Error('no') }, 'WARN', 'warn'],
  ['Worker failed', { error: new Error('no') }, 'ERROR', 'error'],
  ['The request is failed', { event: 'external_api_request_ended' }, 'ERROR', 'error'],
  ['constructor', {}, 'WARN', 'warn'],
])('[M14] what is news keeps its level: %s (%#)', (message, meta, level, kept) => {
  expect(levelOf(message, meta, level)).toBe(kept);
});
