import { host, port } from './schemas.ts';

/** Where a gateway has its metrics. No port: nowhere, since two gateways on one machine cannot have the same. */
export const GATEWAY_METRICS_VARIABLES = {
  GATEWAY_METRICS_HOST: host.default('127.0.0.1'),
  GATEWAY_METRICS_PORT: port.optional(),
};

export function metricsAddressIn({
  GATEWAY_METRICS_HOST: address,
  GATEWAY_METRICS_PORT: metricsPort,
}: {
  GATEWAY_METRICS_HOST: string;
  GATEWAY_METRICS_PORT?: number | undefined;
}): { readonly host: string; readonly port: number } | null {
  return metricsPort === undefined ? null : Object.freeze({ host: address, port: metricsPort });
}
