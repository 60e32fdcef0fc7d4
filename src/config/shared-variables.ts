import { MAX_DEADLINE_MS } from '../contract/limits.ts';
import { baseUrl, oneOf, seconds, text } from './schemas.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const logLevel = oneOf(...LOG_LEVELS).default('info');

/** From the start of a request to its end, whatever happens; 30 days at most. */
export const requestDeadline = seconds({ min: 1, max: MAX_DEADLINE_MS / 1000 }).default(3_600_000);

/** How long an unknown outcome waits for a decision; unset: until the request's deadline. */
export const unknownHold = seconds({ min: 1, max: MAX_DEADLINE_MS / 1000 }).optional();

/** Where a worker has its health pages: there it says what the call budget is. */
export const workerUrl = baseUrl.default(new URL('http://127.0.0.1:9464'));

/** Unset: the built-in one. */
export const provider = text('the name of a shipped profile, or the path of a profile file').optional();
