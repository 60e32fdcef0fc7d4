import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { tryLock } from './lock.mjs';

/** Ports tried from a wanted one upwards before giving up. */
const ATTEMPTS = 200;

/**
 * A port of 127.0.0.1 that nobody uses, chosen by the operating system, for a process that is told its port. It has had a
 * connection, which keeps it in TIME_WAIT for a minute: until then it is given to nobody who asks for any port, but to who
 * asks for this one.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  const server = createServer((accepted) => accepted.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  // The side that ends first is the one whose port waits.
  await once(connect(port, '127.0.0.1').resume(), 'close');
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * The wanted port, or the next free one above it. It stays reserved against our other copies until `release`, which
 * start up at their own pace and would choose it too.
 *
 * @param {number} wanted
 * @param {{ exact?: boolean }} [options] `exact`: this port or an error
 * @returns {Promise<{ port: number, release: () => void }>}
 */
export async function reservePort(wanted, { exact = false } = {}) {
  const last = exact ? wanted : Math.min(wanted + ATTEMPTS, 65_535);
  for (let port = wanted; port <= last; port += 1) {
    const lock = tryLock(join(tmpdir(), `durable-external-api-${userInfo().uid}`, `port-${port}`));
    if ('heldBy' in lock) continue;
    if (await isFree(port)) return { port, release: lock.release };
    lock.release();
  }
  throw new Error(
    exact
      ? `Port ${wanted} is taken. Choose another --port-base, or leave it out to have free ports chosen.`
      : `No free port from ${wanted} to ${last}. Choose a range with --port-base.`,
  );
}

/** Both loopback addresses must be free: what listens on the other one would get the traffic to "localhost". */
async function isFree(port) {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::1'));
}

function canListen(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code !== 'EADDRINUSE' && error.code !== 'EACCES'));
    server.listen({ port, host, ipv6Only: host === '::1' }, () => server.close(() => resolve(true)));
  });
}
