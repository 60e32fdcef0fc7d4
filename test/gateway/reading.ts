import { ACME, type RunningGateway } from './running-gateway.ts';

export type Json = Record<string, unknown>;

export const get = (gateway: RunningGateway, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.url + path, { headers: { authorization: `Bearer ${ACME}`, ...headers } });

/** One that the provider works on. */
export async function startOne(gateway: RunningGateway): Promise<string> {
  const response = await gateway.post({ data: 'x', options: { async: true } });
  return ((await response.json()) as { request_id: string }).request_id;
}

export const statusOf = (requestId: string): string => `/api/external/status/${requestId}`;
