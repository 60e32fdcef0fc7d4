import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { mintToken } from '../../src/callbacks/link.ts';
import { ExternalAPIError } from '../../src/contract/errors.ts';
import { metricsServer } from '../../src/gateway/metrics-server.ts';
import { GATEWAY_METRICS } from '../../src/observability/gateway-metric-signals.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { type RunningGateway, startGateway } from './running-gateway.ts';

/** The address of its page of metrics. */
async function metricsOf({ app }: Pick<RunningGateway, 'app'>): Promise<string> {
  const server = metricsServer(app.metrics).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const rowsOf = async (url: string): Promise<string[]> => (await (await fetch(`${url}/metrics`)).text()).split('\n');

test('[M15] requests are counted and timed by route, method and status, refusals by reason', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  const url = await metricsOf(gateway);
  await gateway.post({ data: 1 });
  await gateway.post({ data: null });
  await gateway.status(gateway.client.lastId, 'no-such-key');
  await fetch(`${gateway.url}/secret-in-a-path`);
  await waitUntil('all are counted', async () => (await rowsOf(url)).some((row) => row.includes('route="none"')));
  const rows = await rowsOf(url);
  expect(rows).toEqual(
    expect.arrayContaining([
      'external_api_gateway_requests_total{route="/api/external/process",method="POST",status="202"} 1',
      'external_api_gateway_requests_total{route="/api/external/process",method="POST",status="400"} 1',
      'external_api_gateway_requests_total{route="/api/external/status/:request_id",method="GET",status="401"} 1',
      'external_api_gateway_requests_total{route="none",method="GET",status="404"} 1',
      'external_api_gateway_request_duration_seconds_count{route="/api/external/process",method="POST"} 2',
      'external_api_gateway_refusals_total{reason="InvalidRequestError"} 1',
      'external_api_gateway_refusals_total{reason="CallerAuthenticationError"} 1',
      'external_api_gateway_refusals_total{reason="RouteNotFoundError"} 1',
    ]),
  );
  expect(rows.join()).not.toContain('secret');
});

test('[M15] the waits that are open are told, and a failed request is no refusal', async () => {
  const gateway = await startGateway({ syncWaitMs: 60_000 });
  const url = await metricsOf(gateway);
  const answer = gateway.post({ data: 1 });
  await waitUntil('it waits', async () => (await rowsOf(url)).includes('external_api_gateway_waits_open 1'));
  gateway.client.fail(gateway.client.lastId, new ExternalAPIError('it failed', { outcome: 'final' }));
  expect((await answer).status).toBeGreaterThan(400);
  await waitUntil('it waits no more', async () => (await rowsOf(url)).includes('external_api_gateway_waits_open 0'));
  expect((await rowsOf(url)).join()).not.toContain('refusals_total{');
});

test('[M15][N4] callbacks are counted by what became of them', async () => {
  const keys = [{ id: 'k1', secret: Buffer.alloc(32, 1) }] as const;
  const callbacks = { provider: 'replicate', keys, idAt: '/id', signature: null };
  const gateway = await startGateway({ callbacks });
  const url = await metricsOf(gateway);
  const token = mintToken(keys[0], { provider: 'replicate', requestId: 'req_00000000000000000000000001' });
  for (const each of [token, token, `${token}x`]) await fetch(`${gateway.url}/callbacks/${each}`, { method: 'POST' });
  const counted = async () => (await rowsOf(url)).filter((row) => row.includes('callbacks_total{'));
  await waitUntil('all are counted', async () => (await counted()).some((row) => row.includes('forged_link')));
  expect(await counted()).toEqual([
    'external_api_gateway_callbacks_total{outcome="told"} 2',
    'external_api_gateway_callbacks_total{outcome="forged_link"} 1',
  ]);
});

test('[M15] the page has the metrics of the table, and no others, and nothing else is there', async () => {
  const url = await metricsOf(await startGateway());
  const names = (await rowsOf(url)).flatMap((row) => /^# TYPE (\w+)/.exec(row)?.[1] ?? []);
  expect(names.toSorted()).toEqual(Object.keys(GATEWAY_METRICS).toSorted());
  expect((await fetch(`${url}/api/external/requests`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
});
