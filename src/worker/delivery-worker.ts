import type { NativeConnection, Worker } from '@temporalio/worker';
import { createDeliver } from '../activities/deliver.ts';
import type { DeliveryConfig } from '../config/delivery-config.ts';
import { DELIVERY_QUEUE, type DeliveryActivities } from '../contract/delivery.ts';
import type { DeliveryObserver } from '../deliveries/attempt-delivery.ts';
import { CALL_MS, CONNECT_MS, Targets } from '../deliveries/targets.ts';
import { longestConnectMs } from '../provider/connector.ts';
import { DrainingWorker } from './draining-worker.ts';

/** Attempts of one process at the same time; those to one target are fewer. */
const MOST_DELIVERIES = 100;

/** What delivers results to callers, and what it keeps open. */
export interface Deliveries {
  deliver: DeliveryActivities['deliver'];
  close(): Promise<void>;
}

export function openDeliveries({ targets: rules, secretsOf }: DeliveryConfig, observer: DeliveryObserver): Deliveries {
  const targets = new Targets({ rules });
  const deliver = createDeliver({ rules, targets, secretsOf, observer, random: Math.random, now: Date.now });
  return { deliver, close: () => targets.close() };
}

export interface DeliveryWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  deliver: DeliveryActivities['deliver'];
  /** As of the other Workers. */
  onRefused: () => void;
}

/** The Worker of the deliveries of all providers. */
export function createDeliveryWorker(options: DeliveryWorkerOptions): Promise<Worker> {
  const { connection, namespace, deliver, onRefused } = options;
  return DrainingWorker.start(
    {
      connection,
      namespace,
      taskQueue: DELIVERY_QUEUE,
      activities: { deliver },
      maxConcurrentActivityTaskExecutions: MOST_DELIVERIES,
      shutdownGraceTime: longestConnectMs(CONNECT_MS) + CALL_MS,
    },
    onRefused,
  );
}
