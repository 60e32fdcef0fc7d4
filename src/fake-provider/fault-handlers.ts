import { STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, json } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { Fault, FaultKind, FaultOf } from './faults.ts';

type Handler<K extends FaultKind> = (exchange: Exchange, fault: FaultOf<K>) => Promise<void> | void;

const HANDLERS: { readonly [K in FaultKind]: Handler<K> } = {
  status: async (exchange, fault) => {
    await (fault.executed ? exchange.execute() : exchange.read());
    const { code, body = { error: STATUS_CODES[code] ?? `status ${code}` } } = fault;
    const answer = json(code, body, lowerCase(fault.headers ?? {}));
    exchange.send(typeof body === 'string' ? { ...answer, body } : answer);
  },
  headers: (exchange, { headers }) =>
    sendChanged(exchange, (answer) => ({ headers: { ...answer.headers, ...lowerCase(headers) } })),
  delay: async (exchange, { ms }) => {
    const answer = await exchange.execute();
    await pause(ms);
    exchange.send(answer);
  },
  job: async (exchange, fault) => exchange.send(await exchange.execute(fault)),
  'reset-before-read': (exchange) => exchange.reset(),
  'reset-after-read': async (exchange) => {
    await exchange.read();
    exchange.reset();
  },
  'executed-no-answer': async (exchange) => {
    await exchange.execute();
    exchange.reset();
  },
  'executed-late': async (exchange, { ms }) => {
    const effect = await exchange.read();
    exchange.reset();
    await pause(ms);
    effect({});
  },
  'executed-hang': async (exchange) => {
    await exchange.execute();
  },
  'headers-then-reset': async (exchange) => {
    await exchange.execute();
    exchange.req.socket.write('HTTP/1.1 200 OK\r\ncontent-type: applica', () => void resetAfterData(exchange));
  },
  'truncated-body': async (exchange, { end = 'fin' }) => {
    const { status, headers, body } = await exchange.execute();
    exchange.res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    exchange.res.write(body.slice(0, Math.floor(body.length / 2)), () => {
      if (end === 'rst') void resetAfterData(exchange);
      else exchange.req.socket.end();
    });
  },
  'broken-json': (exchange) => sendChanged(exchange, (answer) => ({ body: answer.body.slice(0, -1) })),
  'slow-drip': async (exchange, { bytes, intervalMs }) => {
    const { status, headers, body } = await exchange.execute();
    const content = Buffer.from(body);
    exchange.res.writeHead(status, { ...headers, 'content-length': content.length });
    for (let sent = 0; sent < content.length && !exchange.res.destroyed; sent += bytes) {
      if (sent > 0) await pause(intervalMs);
      exchange.res.write(content.subarray(sent, sent + bytes));
    }
    if (exchange.res.destroyed) return;
    exchange.noteAnswered(status);
    exchange.res.end();
  },
  redirect: async (exchange, { location, code = 302 }) => {
    await exchange.read();
    exchange.send({ status: code, headers: { location }, body: '' });
  },
  'wrong-content-type': (exchange, { contentType = 'text/html' }) =>
    sendChanged(exchange, (answer) => ({ headers: { ...answer.headers, 'content-type': contentType } })),
  'empty-body': (exchange) => sendChanged(exchange, () => ({ body: '' })),
  'success-false': async (exchange, { error = 'Processing failed' }) => {
    await exchange.read();
    exchange.send(json(200, { success: false, error }));
  },
  'unknown-status-word': (exchange, { word }) =>
    sendMembers(exchange, (members) => ({ ...members, status: word, result: null, completed_at: null })),
  'no-result-no-id': (exchange) => sendMembers(exchange, ({ result: _, request_id: __, ...others }) => others),
  'oversized-body': (exchange, { bytes }) =>
    sendMembers(exchange, (members) => {
      const frame = Buffer.byteLength(JSON.stringify({ ...members, padding: '' }));
      return { ...members, padding: 'x'.repeat(Math.max(0, bytes - frame)) };
    }),
};

/** Lets the fault happen instead of a plain answer. */
export function applyFault(exchange: Exchange, fault: Fault): Promise<void> | void {
  exchange.entry.fault = fault.kind;
  return handle(exchange, fault);
}

function handle<K extends FaultKind>(exchange: Exchange, fault: FaultOf<K>): Promise<void> | void {
  return HANDLERS[fault.kind](exchange, fault);
}

async function sendChanged(exchange: Exchange, change: (answer: Answer) => Partial<Answer>): Promise<void> {
  const answer = await exchange.execute();
  exchange.send({ ...answer, ...change(answer) });
}

function sendMembers(
  exchange: Exchange,
  change: (members: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  return sendChanged(exchange, ({ body }) => ({
    body: JSON.stringify(change(JSON.parse(body) as Record<string, unknown>)),
  }));
}

/** Node reads data and RST that come together as data and FIN: this keeps them apart on a quiet machine. */
async function resetAfterData(exchange: Exchange): Promise<void> {
  await pause(20);
  exchange.reset();
}

/** So that a scripted header replaces ours, however it is written. */
function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Does not keep a closed provider's process alive. */
function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
