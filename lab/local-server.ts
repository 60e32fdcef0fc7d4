import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the lab itself, on a free port of this machine. @param address one of its own @returns its URL, without a slash at its end */
export async function listen(server: Server, address = '127.0.0.1'): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  return `http://${address}:${(server.address() as AddressInfo).port}`;
}

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
