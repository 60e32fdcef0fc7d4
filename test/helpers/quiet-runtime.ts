import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogMetadata } from '@temporalio/worker';

/** What the product logged at ERROR in this test file. */
export const loggedErrors: LogMetadata[] = [];

/** Errors of the Temporal SDK itself; what the product logs of a request is expected here. */
const logger = new DefaultLogger('ERROR', ({ message, meta }) => {
  if (meta?.['event'] !== undefined) loggedErrors.push(meta);
  else process.stderr.write(`${message} ${JSON.stringify(meta)}\n`);
});

Runtime.install({
  logger,
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
});
