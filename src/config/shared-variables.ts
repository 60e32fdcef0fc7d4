import { baseUrl, oneOf, seconds } from './values.ts';

export const logLevel = oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').default('info');

/** From the start of a request to its end, whatever happens; 30 days at most. */
export const requestDeadline = seconds({ min: 1, max: 2_592_000 }).default(3_600_000);

/** How long an unknown outcome waits for a decision; unset: until the request's deadline. */
export const unknownHold = seconds({ min: 1, max: 2_592_000 }).optional();

/** Where a worker has its health pages: there it says what the call budget is. */
export const workerUrl = baseUrl.default(new URL('http://127.0.0.1:9464'));
