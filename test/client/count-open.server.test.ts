import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { requestIdFor } from '../../src/client/request-id.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let temporal: TestTemporal;
let client: ExternalApiClient;

beforeAll(async () => {
  temporal = await connectToTemporal();
  // Nobody works here: what is started stays open.
  client = new ExternalApiClient(temporal.client);
});
afterAll(async () => {
  await client.close();
  await temporal.close();
});

async function start(tenant: string, count: number): Promise<string[]> {
  const handles = await Promise.all(Array.from({ length: count }, () => client.process({ data: 1 }, { tenant })));
  return handles.map(({ requestId }) => requestId);
}

test('[C4] what was just started is counted as open, whether it is listed already or not', async () => {
  const ids = await start('acme', 30);
  // It is listed some moments later: not one of these looks may see fewer or more.
  for (let looks = 0; looks < 20; looks++) expect(await client.countOpen('acme', ids)).toBe(30);
  await waitUntil('all are listed', async () => (await client.countOpen('acme')) === 30);
  expect(await client.countOpen('acme', ids.slice(0, 10))).toBe(30);
});

test('[C4] what is known to be started and has ended is not open', async () => {
  const ids = await start('ending', 3);
  await waitUntil('all are listed', async () => (await client.countOpen('ending')) === 3);
  await temporal.client.workflow.getHandle(workflowIdOf(ids[0] ?? '')).terminate();
  await waitUntil('its end is listed', async () => (await client.countOpen('ending')) === 2);
  expect(await client.countOpen('ending', ids)).toBe(2);
});

test('[C4][M16] requests of others are not counted', async () => {
  await start('one', 2);
  await start('two', 3);
  await waitUntil('all are listed', async () => (await client.countOpen('two')) === 3);
  expect(await client.countOpen('one')).toBe(2);
  expect(await client.countOpen('nobody')).toBe(0);
});

test('[C4] of very many that were just started the latest are looked for by name, the others in the list', async () => {
  const unlisted = Array.from({ length: 600 }, (_, n) => requestIdFor('crowd', `order-${n}`));
  expect(await client.countOpen('crowd', unlisted)).toBe(500);
  await expect(client.countOpen("x' OR '1'='1")).rejects.toThrow('tenant');
});
