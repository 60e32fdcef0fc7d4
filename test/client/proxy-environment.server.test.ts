import { NativeConnection } from '@temporalio/worker';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { ExternalApiClient } from '../../src/client/external-api-client.ts';
import { startConnectProxy, type ConnectProxy } from '../helpers/connect-proxy.ts';

/** Every name is this machine to the proxy, and no name at all without it. */
const ELSEWHERE = `temporal.invalid:${inject('temporalAddress').split(':')[1]}`;

let proxy: ConnectProxy;
beforeEach(async () => {
  proxy = await startConnectProxy();
  for (const name of ['http_proxy', 'https_proxy', 'grpc_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) {
    vi.stubEnv(name, proxy.url);
  }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await proxy[Symbol.asyncDispose]();
});

/** What a client says of a request that is not there. */
async function answerOf(address: string): Promise<string> {
  const client = ExternalApiClient.connect({ temporal: { connectionOptions: { address } } });
  try {
    return await client.status('req_01ARZ3NDEKTSV4RRFFQ69G5FAV').then(
      () => 'found',
      (error: Error) => error.name,
    );
  } finally {
    await client.close();
  }
}

test('[N8] a client reaches a Temporal server on this machine without the proxy of the environment', async () => {
  expect(await answerOf(inject('temporalAddress'))).toBe('RequestNotFoundError');
  expect(proxy.asked).toEqual([]);
});

test('[N8] a client reaches another machine through the proxy, unless NO_PROXY names it', async () => {
  expect(await answerOf(ELSEWHERE)).toBe('RequestNotFoundError');
  expect(proxy.asked).toEqual([ELSEWHERE]);
  vi.stubEnv('NO_PROXY', 'other.example, .invalid');
  expect(await answerOf(ELSEWHERE)).toBe('TemporalUnavailableError');
  expect(proxy.asked).toEqual([ELSEWHERE]);
});

test('[N8] a worker’s own connection to Temporal asks no proxy of the environment', async () => {
  const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  await connection.workflowService.getSystemInfo({});
  await connection.close();
  await expect(NativeConnection.connect({ address: ELSEWHERE })).rejects.toThrow(/connect|dns/i);
  expect(proxy.asked).toEqual([]);
});
