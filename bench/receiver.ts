import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface Told {
  /** Milliseconds since 1970. */
  at: number;
  /** From the end of the request to this. */
  lagMs: number;
}

/** Takes deliveries, and remembers when. */
export interface Receiver extends AsyncDisposable {
  url: string;
  /** Those of `count` requests, once all have come. */
  all(count: number): Promise<readonly Told[]>;
}

export async function startReceiver(): Promise<Receiver> {
  const told: Told[] = [];
  let look = (): void => {};
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { data } = (await json(request)) as { data: { completed_at: string } };
    const at = Date.now();
    told.push({ at, lagMs: at - Date.parse(data.completed_at) });
    response.writeHead(204).end();
    look();
  }
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async all(count) {
      await new Promise<void>((resolve) => {
        look = () => void (told.length >= count && resolve());
        look();
      });
      return told.splice(0);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
