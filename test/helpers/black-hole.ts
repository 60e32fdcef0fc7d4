import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { waitUntil } from './wait-until.ts';

/** An HTTP server that listens, says on which port, and then looks at nothing until it is woken. */
const DEAF_SERVER = `
  const { parentPort, workerData: { flag, address } } = require('node:worker_threads');
  const server = require('node:http').createServer((_req, res) => res.end('{}'));
  server.listen({ ...address, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(flag, 0, 0));
  });
`;

export interface BlackHole extends AsyncDisposable {
  port: number;
  /** From now on it answers, what has been waiting too. */
  wake(): void;
}

/** An address of this machine that answers no attempt to connect, because its queue of connections is full. */
export async function startBlackHole(host: string, port = 0): Promise<BlackHole> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(DEAF_SERVER, { eval: true, workerData: { flag, address: { host, port } } });
  const [listening] = (await once(worker, 'message')) as [number];
  const queued: Socket[] = [];
  await waitUntil('its queue is full', () => {
    const isFull = queued.at(-1)?.connecting === true;
    if (!isFull) queued.push(connect({ host, port: listening }).on('error', () => {}));
    return isFull;
  });
  const wake = (): void => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  return {
    port: listening,
    wake,
    async [Symbol.asyncDispose]() {
      wake();
      for (const socket of queued) socket.destroy();
      await worker.terminate();
    },
  };
}
