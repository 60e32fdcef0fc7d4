import type { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { saidBy } from '../contract/address.ts';
import type { ConnectOptions } from './client-options.ts';

/** The Temporal server that TEMPORAL_* and temporal.toml name, as every Temporal tool reads them. */
export function configuredTemporal(): NonNullable<ConnectOptions['temporal']> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const isSaid = connectionOptions.address !== undefined;
  const addressFrom = isSaid ? 'from TEMPORAL_ADDRESS or temporal.toml' : saidBy('TEMPORAL_ADDRESS', {});
  return { connectionOptions, namespace, addressFrom };
}

/** Where a client of somebody else's making is connected to; undefined: it does not say. */
export function addressOf({ connection }: Client): string | undefined {
  const { options } = connection as { options?: { address?: unknown } };
  return typeof options?.address === 'string' ? options.address : undefined;
}
