import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

/** Of the Temporal SDK only errors are shown, so that a failing test is all there is to read. */
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
});
