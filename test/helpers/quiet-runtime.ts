import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogMetadata } from '@temporalio/worker';

/** What the product logged at WARN, and at ERROR, in this test file. */
export const loggedWarnings: LogMetadata[] = [];
export const loggedErrors: LogMetadata[] = [];

/** Errors of the Temporal SDK itself; what the product logs of a request is expected here. */
const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
  if (meta?.['event'] !== undefined) (level === 'ERROR' ? loggedErrors : loggedWarnings).push(meta);
  else if (level === 'ERROR') process.stderr.write(`${message} ${JSON.stringify(meta)}\n`);
});

Runtime.install({
  logger,
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
});
