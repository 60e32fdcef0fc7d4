import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { ExternalApiClient, TemporalUnavailableError } from '../../src/client/index.ts';

const ID = 'req_3M6K1E4TZJAEH5SCCQVTGS01T3';

/** Takes connections and never answers. */
async function silentServer(): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connected(address: string): ExternalApiClient {
  return ExternalApiClient.connect({ temporal: { connectionOptions: { address }, namespace: 'default' } });
}

/** On a Temporal client that somebody else made, and that stays open. */
function onAnothers(address: string): ExternalApiClient {
  return new ExternalApiClient(new Client({ connection: Connection.lazy({ address }) }));
}

// An uncaught exception fails the run.
test.each([
  ['is not there', async () => '127.0.0.1:1', connected],
  ['does not answer', silentServer, connected],
  ['is not there, over the connection of another', async () => '127.0.0.1:1', onAnothers],
  ['does not answer, over the connection of another', silentServer, onAnothers],
])(
  '[N10][M12] a client that is closed while its Temporal %s: every call ends, and nothing is thrown',
  async (_, at, clientTo) => {
    const client = clientTo(await at());
    const calls = [client.status(ID), client.result(ID), client.process({ data: 1 }, { idempotencyKey: 'a' })];
    const ended = Promise.allSettled(calls);
    await delay(50);
    await client.close();
    const closed = { status: 'rejected', reason: expect.any(TemporalUnavailableError) };
    expect(await ended).toEqual([closed, closed, closed]);
    // It may have been on its way.
    expect((await ended)[2]).toMatchObject({ reason: { requestId: expect.stringMatching(/^req_/) } });
    for (const { reason } of (await ended) as PromiseRejectedResult[]) {
      expect((reason as Error).message).toMatch(/^The client was closed\./);
    }
    await expect(client.status(ID)).rejects.toThrow('The client was closed.');
    await client.close();
  },
);
