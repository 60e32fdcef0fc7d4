import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { privateAddress } from './forbidden-deliveries.ts';
import { closeServer, listen } from './local-server.ts';
import { type Delivered, type ReceiverKind, RECEIVERS } from './receiver-kinds.ts';

export interface Receiver {
  /** Without a slash at its end: the path of a request follows. */
  url: string;
  received: readonly Delivered[];
  /** To where no delivery may go. */
  readonly forbiddenConnections: number;
  /** Of the forbidden address: were it not allowed, the port would be what is refused. */
  forbiddenPort: string;
  /** URLs that lead there, and that no delivery may be sent to: none where this machine has no private address. */
  forbiddenUrls: readonly string[];
  end(): Promise<void>;
}

/** A caller's server, which does what the path of a delivery says, and one that must never be reached. */
export async function startReceiver(secret: string): Promise<Receiver> {
  const received: Delivered[] = [];
  let forbiddenConnections = 0;
  const webhook = new Webhook(secret);

  const trap = createServer((_request, response) => response.writeHead(204).end());
  const address = privateAddress();
  const trapUrl = await listen(trap, address ?? undefined);

  const forbiddenPort = new URL(trapUrl).port;
  // A connection is enough: what is said over TLS it could not read.
  trap.on('connection', () => (forbiddenConnections += 1));

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = request.url ?? '';
    const { does, attempts, after } = kindOf(path);
    const before = received.filter((one) => one.path === path).length;
    const answer = before < attempts ? does : 204;
    received.push({
      path,
      at: Date.now(),
      webhookId: request.headers['webhook-id']?.toString() ?? null,
      isGenuine: isGenuine(webhook, body, request.headers as Record<string, string>),
      says: read(body),
      statusCode: answer === 'no answer' ? null : answer,
    });
    await delay(after);
    if (answer === 'no answer') request.socket.destroy();
    else response.writeHead(answer, answer === 302 ? { location: `${trapUrl}${path}` } : {}).end();
  }

  const server = createServer((request, response) => {
    // Of one whose worker was killed in its middle nothing was received.
    take(request, response).catch(() => response.destroy());
  });
  return {
    url: await listen(server),
    received,
    get forbiddenConnections() {
      return forbiddenConnections;
    },
    forbiddenPort,
    forbiddenUrls: address === null ? [] : formsOf(address, forbiddenPort),
    end: async () => void (await Promise.all([server, trap].map(closeServer))),
  };
}

/** A path that nobody was given is the checker's matter. */
function kindOf(path: string): (typeof RECEIVERS)[ReceiverKind] {
  const name = decodeURIComponent(path.split('/')[1] ?? '');
  return RECEIVERS[Object.hasOwn(RECEIVERS, name) ? (name as ReceiverKind) : 'up'];
}

/** As literals of several spellings. */
function formsOf(address: string, port: string): string[] {
  const decimal = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return [address, `${decimal}`, `[::ffff:${address}]`].flatMap((host) => [
    `http://${host}:${port}/forbidden`,
    `https://${host}:${port}/forbidden`,
  ]);
}

function isGenuine(webhook: Webhook, body: string, headers: Record<string, string>): boolean {
  try {
    webhook.verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

interface Event {
  type: string;
  data: { request_id: string; status: string; result?: { processed_data?: { sha256?: string } } | null };
}

function read(body: string): Delivered['says'] {
  try {
    const { type, data } = JSON.parse(body) as Event;
    const { request_id: requestId, status, result } = data;
    return { type, requestId, status, resultSha256: result?.processed_data?.sha256 ?? null };
  } catch {
    return null;
  }
}
