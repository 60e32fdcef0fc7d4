import { expect, test } from 'vitest';
import { ExternalApiClient, TemporalUnavailableError } from '../../src/client/index.ts';
import { requestIdFor } from '../../src/client/request-id.ts';
import { startInProcessStack } from '../helpers/in-process-stack.ts';
import { connectToTemporal } from '../helpers/temporal.ts';

test('[C3] with no worker at all a status is answered within 1.5 s, marked stale', async () => {
  const temporal = await connectToTemporal();
  const client = new ExternalApiClient(temporal.client);
  const handle = await client.process({ data: 1 }, { tenant: 'patient' });
  const took: number[] = [];
  for (let n = 0; n < 3; n++) {
    const before = performance.now();
    const snapshot = await handle.status();
    took.push(performance.now() - before);
    expect(snapshot).toMatchObject({ requestId: handle.requestId, status: 'queued', tenant: 'patient', stale: true });
  }
  // The bound that readers are promised; the best of three, because the machine may be busy.
  expect(Math.min(...took)).toBeLessThan(1_500);
  await temporal.close();
});

test('[C5] a server without our search attributes still works, and is told of once', async () => {
  const temporal = await connectToTemporal({ searchAttributes: false });
  await using stack = await startInProcessStack({ temporal });
  const warnings: string[] = [];
  const listener = (warning: Error) => void warnings.push(warning.message);
  process.on('warning', listener);
  const completed = await stack.client.process({ data: 1 }, { tenant: 'a' });
  await completed.result();
  stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400 } });
  const failed = await stack.client.process({ data: 1 }, { tenant: 'b' });
  await expect(failed.result()).rejects.toThrow('Bad Request');
  process.off('warning', listener);
  expect(warnings).toEqual([expect.stringContaining('external-api setup')]);

  const listed = async (options: { tenant: string; status?: 'failed' }): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { requestId } of stack.client.list(options)) ids.push(requestId);
    return ids;
  };
  expect(await listed({ tenant: 'a' })).toEqual([completed.requestId]);
  expect(await listed({ tenant: 'b', status: 'failed' })).toEqual([failed.requestId]);
});

test('[C4] without a Temporal server every method says so, in bounded time', async () => {
  // Port 1 is tcpmux: nobody listens there.
  const address = '127.0.0.1:1';
  await using client = ExternalApiClient.connect({
    temporal: { connectionOptions: { address }, namespace: 'default' },
  });
  const start = client.process({ data: 1 }, { tenant: 'acme', idempotencyKey: 'order-1' });
  const requestId = requestIdFor('acme', 'order-1');
  await expect(start).rejects.toBeInstanceOf(TemporalUnavailableError);
  await expect(start).rejects.toMatchObject({
    requestId,
    message: expect.stringContaining(`may have been started as ${requestId}: read its status before you repeat it.`),
  });
  await expect(client.process({ data: 1 })).rejects.toMatchObject({ requestId: expect.stringMatching(/^req_/) });
  await expect(client.status(`req_${'0'.repeat(26)}`)).rejects.toThrow(TemporalUnavailableError);
  await expect(client.ping()).rejects.toThrow(TemporalUnavailableError);
});

test('[C4] a namespace that is not there is named', async () => {
  const { address, close } = await connectToTemporal();
  const temporal = { connectionOptions: { address }, namespace: 'nowhere' };
  await using client = ExternalApiClient.connect({ temporal });
  const complaint = 'has no namespace nowhere. Check TEMPORAL_NAMESPACE';
  // The server has said no: nothing was started.
  const start = client.process({ data: 1 });
  await expect(start).rejects.toThrow(complaint);
  await expect(start).rejects.toMatchObject({ requestId: null });
  await expect(client.status(`req_${'0'.repeat(26)}`)).rejects.toThrow(complaint);
  await expect(client.list()[Symbol.asyncIterator]().next()).rejects.toThrow(complaint);
  await close();
});
