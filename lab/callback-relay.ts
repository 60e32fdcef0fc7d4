import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { mintToken, type CallbackKey } from '#product/callbacks/link.js';
import type { CallbackKind, CallbackSeen } from './callback-kinds.ts';
import { closeServer, listen } from './local-server.ts';

/** What a callback meets, by its share of the requests; the others are passed on as they came. */
const SHARES = [
  [0.2, 'lost'],
  [0.15, 'doubled'],
  [0.15, 'late'],
  [0.2, 'forged'],
] as const;
const LATE_MS = 4_000;

/** A sender repeats what was not answered, or with 503: a gateway or a server that is restarted is back by then. */
const REPEAT_EVERY_MS = 1_000;
const REPEAT_AT_MOST = 60;

export interface CallbackRelay {
  /** The PUBLIC_BASE_URL of the lab's workers. */
  url: string;
  seen: readonly CallbackSeen[];
  /** Resolves when nothing is on its way any more. */
  end(): Promise<void>;
}

export interface RelayOptions {
  gatewayUrl: string;
  /** The name of the profile. */
  provider: string;
  /** Of the gateway: with it a link is made to a request that never was. */
  key: CallbackKey;
  seed: number;
}

interface Callback {
  token: string;
  body: string;
}

/** Stands between the provider and the gateway, and is no honest one. */
export async function startCallbackRelay({ gatewayUrl, provider, key, seed }: RelayOptions): Promise<CallbackRelay> {
  const seen: CallbackSeen[] = [];
  const underWay = new Set<Promise<void>>();
  /** The latest callback of a request other than the one that is struck. */
  const latest: Callback[] = [];
  const server = createServer((request, response) => {
    const relayed = text(request).then(async (body) => {
      response.writeHead(204).end();
      await relay({ token: request.url?.split('/').at(-1) ?? '', body });
    });
    underWay.add(relayed);
    void relayed.finally(() => underWay.delete(relayed));
  });
  const url = await listen(server);

  async function relay(callback: Callback): Promise<void> {
    const requestId = requestOf(callback.token);
    const other = latest.findLast(({ token }) => requestOf(token) !== requestId);
    latest.splice(0, latest.length - 1, callback);
    switch (fateOf(seed, requestId)) {
      case 'lost':
        return note('lost', callback, null);
      case 'late':
        await delay(LATE_MS);
        return await pass('late', callback);
      case 'doubled':
        await Promise.all([pass('doubled', callback), pass('doubled', callback)]);
        return;
      case 'forged':
        // In place of the genuine one, which would mend what they do.
        await Promise.all(forgeriesOf(callback, other, { provider, key }).map(([kind, forged]) => pass(kind, forged)));
        return;
      case 'passed on':
        return await pass('passed on', callback);
    }
  }

  async function pass(kind: CallbackKind, callback: Callback): Promise<void> {
    const at = Date.now();
    note(kind, callback, await send(`${gatewayUrl}/callbacks/${callback.token}`, callback.body), at);
  }

  function note(kind: CallbackKind, { token, body }: Callback, statusCode: number | null, at = Date.now()): void {
    seen.push({ kind, requestId: requestOf(token), providerRequestId: workOf(body), at, statusCode });
  }

  return {
    url,
    seen,
    async end() {
      await closeServer(server);
      await Promise.all(underWay);
    },
  };
}

type Fate = (typeof SHARES)[number][1] | 'passed on';

/** The same for the same seed, in whatever order callbacks come. */
function fateOf(seed: number, requestId: string): Fate {
  let chance = createHash('sha256').update(`${seed} ${requestId}`).digest().readUInt32BE() / 2 ** 32;
  for (const [share, fate] of SHARES) {
    if (chance < share) return fate;
    chance -= share;
  }
  return 'passed on';
}

/** @param other of another request; undefined: there was none yet */
function forgeriesOf(
  { token, body }: Callback,
  other: Callback | undefined,
  { provider, key }: Pick<RelayOptions, 'provider' | 'key'>,
): [CallbackKind, Callback][] {
  const requestId = requestOf(token);
  const stranger = { ...key, secret: randomBytes(32) };
  const nobody = `${requestId.slice(0, -4)}0000`;
  const forgeries: [CallbackKind, Callback][] = [
    ['forged: another key', { token: mintToken(stranger, { provider, requestId }), body }],
    ['forged: a request that never was', { token: mintToken(key, { provider, requestId: nobody }), body }],
  ];
  if (other === undefined) return forgeries;
  const [keyId, , mac] = other.token.split('.');
  return [
    ...forgeries,
    ['forged: the link of another request', { token: [keyId, requestId, mac].join('.'), body }],
    ['forged: the work of another request', { token, body: other.body }],
  ];
}

/** @returns the last answer: the first that is no 5xx, or null when there never was one */
async function send(url: string, body: string): Promise<number | null> {
  let statusCode: number | null = null;
  for (let n = 0; n < REPEAT_AT_MOST; n++) {
    if (n > 0) await delay(REPEAT_EVERY_MS);
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(15_000) });
      statusCode = response.status;
      await response.body?.cancel();
      if (statusCode < 500) break;
    } catch {
      // The gateway is being restarted.
    }
  }
  return statusCode;
}

function requestOf(token: string): string {
  return token.split('.')[1] ?? '';
}

function workOf(body: string): string | null {
  try {
    return (JSON.parse(body) as { request_id?: string }).request_id ?? null;
  } catch {
    return null;
  }
}
