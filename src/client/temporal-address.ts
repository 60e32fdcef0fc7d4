import type { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { addressSaidBy } from '../contract/address.ts';
import type { ConnectOptions } from './client-options.ts';

/** The Temporal server that TEMPORAL_* and temporal.toml name, as every Temporal tool reads them. */
export function configuredTemporal(): NonNullable<ConnectOptions['temporal']> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return { connectionOptions, namespace, addressFrom: addressSaidBy(connectionOptions.address, process.env) };
}

/** Where a client of somebody else's making is connected to; undefined: it does not say. */
export function addressOf({ connection }: Client): string | undefined {
  const { options } = connection as { options?: { address?: unknown } };
  return typeof options?.address === 'string' ? options.address : undefined;
}
