import { ApplicationFailure, type LogLevel, type LogMetadata, type Logger as TemporalLogger } from '@temporalio/common';
import { STILL_PROCESSING } from '../contract/failures.ts';
import { WORKFLOW_TYPE } from '../contract/names.ts';
import { ERROR_TYPES } from '../contract/values.ts';
import type { Logger } from './logger.ts';

/**
 * Pino as the Temporal SDK's logger: its lines look like ours and obey the same level. What it says of a failure that we
 * expect, and of which a line of ours says all, goes to debug.
 */
export function temporalLogger(logger: Logger): TemporalLogger {
  const log = (level: LogLevel, message: string, meta: LogMetadata = {}): void =>
    logger[isExpected(message, meta) ? 'debug' : PINO_LEVEL[level]](readable(meta), message);
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

const PINO_LEVEL = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Lines of the SDK's above debug that tell nobody anything new, as far as they are about this. */
const EXPECTED: Readonly<Record<string, (meta: LogMetadata) => boolean>> = {
  // `external_api_request` has told of the call, and `external_api_request_ended` tells of the end.
  'Activity failed': ({ error }) => error instanceof ApplicationFailure && OURS.has(error.type),
  // The workflow fails because its request did. Any other error of its code fails its task, not the workflow.
  'Workflow failed': ({ workflowType }) => workflowType === WORKFLOW_TYPE,
  // Each of our Workers has the tasks of one kind.
  'No workflows registered, not polling for workflow tasks': () => true,
  'No activities registered, not polling for activity tasks': () => true,
  'No Nexus services registered, not polling for Nexus tasks': () => true,
  // `worker_ready` and `worker_unready` say it of all four.
  'Worker state changed': () => true,
};

const OURS: ReadonlySet<unknown> = new Set([...ERROR_TYPES, STILL_PROCESSING]);

/** Four a second while the server is away, with neither address nor cause: `temporal_unavailable` tells it once. */
const RETRIED_CALL = /^gRPC call \w+ retried \d+ times$/;

function isExpected(message: string, meta: LogMetadata): boolean {
  if (RETRIED_CALL.test(message)) return true;
  return Object.hasOwn(EXPECTED, message) && EXPECTED[message]?.(meta) === true;
}

/** An error's own members are not enumerable, and a task token tells a reader nothing. */
function readable({ error, taskToken: _, ...meta }: LogMetadata): LogMetadata {
  if (!(error instanceof Error)) return meta;
  const type = error instanceof ApplicationFailure ? error.type : error.name;
  return { ...meta, error: { type, message: error.message, ...(error.stack && { stack: error.stack }) } };
}
