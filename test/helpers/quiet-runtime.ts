import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

/** Errors of the Temporal SDK itself; what the product logs of a request is expected here. */
const logger = new DefaultLogger('ERROR', ({ message, meta }) => {
  if (meta?.['event'] === undefined) process.stderr.write(`${message} ${JSON.stringify(meta)}\n`);
});

Runtime.install({
  logger,
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
});
