import { Runtime } from '@temporalio/worker';
import type { LoneDeliveryConfig } from '../config/delivery-config.ts';
import { observeDeliveries } from '../observability/delivery-events.ts';
import type { Logger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { closeAfter } from './close-after.ts';
import { createDeliveryWorker, openDeliveries } from './delivery-worker.ts';
import { prepareRun, type Run } from './prepare-run.ts';

/** A worker that delivers results to callers, and does nothing else. */
export function composeDeliveries(
  { temporal, deliveries: config }: Pick<LoneDeliveryConfig, 'temporal' | 'deliveries'>,
  logger: Logger,
): Run {
  const metrics = createMetrics(() => Runtime.instance().metricMeter);
  const deliveries = openDeliveries(config, observeDeliveries(logger, metrics));
  const { namespace } = temporal;
  const run = prepareRun({
    temporal,
    logger,
    whyNotReady: () => null,
    createWorkers: async (connection, onRefused) => [
      await createDeliveryWorker({ connection, namespace, deliver: deliveries.deliver, onRefused }),
    ],
  });
  return { ...run, start: () => closeAfter(run.start, deliveries.close) };
}
