import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from '@temporalio/client';
import { DEFAULT_TEMPORAL_ADDRESS } from '../contract/address.ts';

const DEADLINE_MS = 1_000;
const DEFAULT_PORT = '7233';

type Tls = ConnectionOptions['tls'];

/**
 * Why a Temporal server gives no answer, as a sentence: gRPC's own errors do not say it. Makes a connection or two, and
 * takes 2 s at most.
 */
export async function whyNoAnswer({
  address,
  tls,
  apiKey,
}: Pick<ConnectionOptions, 'address' | 'tls' | 'apiKey'>): Promise<string> {
  const url = `tcp://${address ?? DEFAULT_TEMPORAL_ADDRESS}`;
  if (!URL.canParse(url)) return 'That is no address of a server: expected host:port, such as localhost:7233.';
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const open = (): Socket => connect({ host, port: Number(port || DEFAULT_PORT) });
  const unreachable = await problemOf(open(), 'connect');
  if (unreachable !== null) return UNREACHABLE[unreachable] ?? `It cannot be reached (${unreachable}).`;
  const wanted = tls ?? apiKey !== undefined;
  return (
    (wanted ? await problemOfTls(host, open(), wanted) : await wantsTls(open())) ?? 'It listens, and does not answer.'
  );
}

const LATE = 'LATE';

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there.',
  ENOTFOUND: 'There is no host of that name.',
  EAI_AGAIN: 'The name of the host cannot be looked up.',
  [LATE]: `There was no connection within ${DEADLINE_MS / 1000} s.`,
};

/** What a server says that takes TLS for something else, or hangs up on it. */
const NO_TLS =
  /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_UNSUPPORTED_PROTOCOL|EPROTO|ECONNRESET)$/;

async function problemOfTls(host: string, socket: Socket, tls: Tls): Promise<string | null> {
  const {
    serverRootCACertificate: ca,
    serverNameOverride: name = host,
    clientCertPair: pair,
  } = typeof tls === 'object' && tls !== null ? tls : {};
  const options = {
    ...(ca && { ca: Buffer.from(ca) }),
    ...(pair && { cert: Buffer.from(pair.crt), key: Buffer.from(pair.key) }),
    ALPNProtocols: ['h2'],
    // An IP address is no server name (RFC 6066).
    servername: isIP(name) === 0 ? name : '',
    host: name,
  };
  const code = await problemOf(connectTls({ ...options, socket }), 'secureConnect');
  if (code === null) return null;
  if (code === LATE) return 'It listens, and does not answer a TLS handshake.';
  if (NO_TLS.test(code)) return 'It speaks no TLS, and TEMPORAL_TLS, TEMPORAL_API_KEY or a certificate asks for that.';
  return `Its certificate is not accepted (${code}): TEMPORAL_TLS_SERVER_CA_CERT_PATH names whom to trust, TEMPORAL_TLS_SERVER_NAME its name.`;
}

/** Only to hear whether TLS is spoken: nothing is sent, and nobody is trusted. */
async function wantsTls(socket: Socket): Promise<string | null> {
  const tls = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  const code = await problemOf(tls, 'secureConnect');
  return code === null ? 'It speaks TLS: set TEMPORAL_TLS=true.' : null;
}

/** The code of the error that came before `event`; null: the event came. Closes the socket. */
async function problemOf(socket: Socket, event: string): Promise<string | null> {
  const timeout = AbortSignal.timeout(DEADLINE_MS);
  try {
    await once(socket, event, { signal: timeout });
    return null;
  } catch (error) {
    if (timeout.aborted) return LATE;
    return error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}
