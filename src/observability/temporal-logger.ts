import { ApplicationFailure, type LogLevel, type LogMetadata, type Logger as TemporalLogger } from '@temporalio/common';
import type { Logger } from './logger.ts';

/** Pino as the Temporal SDK's logger: its lines look like ours and obey the same level. */
export function temporalLogger(logger: Logger): TemporalLogger {
  const log = (level: LogLevel, message: string, meta?: LogMetadata): void =>
    logger[RETRIED_CALL.test(message) ? 'debug' : PINO_LEVEL[level]](readable(meta), message);
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

/** Four a second while the server is away, with neither address nor cause: `temporal_unavailable` tells it once. */
const RETRIED_CALL = /^gRPC call \w+ retried \d+ times$/;

/** An error's own members are not enumerable, and a task token tells a reader nothing. */
function readable({ error, taskToken: _, ...meta }: LogMetadata = {}): LogMetadata {
  if (!(error instanceof Error)) return meta;
  const type = error instanceof ApplicationFailure ? error.type : error.name;
  return { ...meta, error: { type, message: error.message, ...(error.stack && { stack: error.stack }) } };
}

const PINO_LEVEL = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
