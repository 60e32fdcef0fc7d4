import pino from 'pino';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { ExternalApiClient, TemporalUnavailableError, type CallRepeated } from '../../src/client/index.ts';
import { ClientEvents, type ClientHooks, type ClientLogger } from '../../src/client/client-events.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const ID = 'req_3M6K1E4TZJAEH5SCCQVTGS01T3';
const STARTED = { requestId: ID, tenant: 'acme', idempotencyKey: 'order-1' };

/** A pino logger, and the lines that it wrote. */
function logger(): { logger: ClientLogger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { logger: pino({ level: 'debug', base: null, timestamp: false }, { write }), lines };
}

/** What the process warns of instead of failing. */
const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
afterEach(() => warnings.mockClear());

test('[C4][M14] each event is told to its hook and to the logger', () => {
  const told: unknown[] = [];
  const hooks = {
    onRequestStarted: (event: object) => told.push(event),
    onRequestEnded: (event: object) => told.push(event),
  };
  const log = logger();
  const events = new ClientEvents({ logger: log.logger, hooks });
  const ended = { requestId: ID, status: 'failed', error: new Error('no') } as const;
  events.requestStarted(STARTED);
  events.requestEnded(ended);
  events.searchAttributesMissing();
  expect(told).toEqual([STARTED, ended]);
  expect(log.lines).toEqual([
    { level: 20, event: 'client_request_started', request_id: ID, tenant: 'acme', msg: 'request started' },
    expect.objectContaining({ level: 20, event: 'client_request_ended', status: 'failed' }),
    expect.objectContaining({ level: 40, event: 'client_search_attributes_missing' }),
  ]);
  expect(warnings).not.toHaveBeenCalled();
});

const broken = (): never => {
  throw new Error('a bug');
};

test.each<[string, ConstructorParameters<typeof ClientEvents>[0]]>([
  ['a hook that throws', { hooks: { onRequestStarted: broken } }],
  ['a hook that rejects', { hooks: { onRequestStarted: async () => broken() } }],
  ['a logger that throws', { logger: { debug: broken, warn: broken } }],
])('[C4] %s breaks no call, and is told once as a warning', async (_, options) => {
  const events = new ClientEvents(options);
  events.requestStarted(STARTED);
  events.requestStarted(STARTED);
  await waitUntil('it is told', () => warnings.mock.calls.length > 0);
  expect(warnings.mock.calls).toEqual([[expect.stringMatching(/^The .* failed: a bug$/)]]);
});

test('[C4] a hook is called as a method of its object', () => {
  const hooks: ClientHooks & { started: number } = {
    started: 0,
    onRequestStarted() {
      this.started++;
    },
  };
  new ClientEvents({ hooks }).requestStarted(STARTED);
  expect(hooks.started).toBe(1);
});

test('[C4][M14] a call to Temporal that fails and is made again is told, with why and when', async () => {
  const repeated: CallRepeated[] = [];
  const log = logger();
  const client = ExternalApiClient.connect({
    temporal: { connectionOptions: { address: '127.0.0.1:1' } },
    logger: log.logger,
    hooks: {
      onRetry(event) {
        repeated.push(event);
        throw new Error('a bug');
      },
    },
  });
  onTestFinished(() => client.close());
  const read = client.status(ID).catch((error: unknown) => error);
  await waitUntil('it is made again', () => repeated.some(({ attempt }) => attempt > 1));
  expect(repeated[0]).toEqual({
    attempt: 1,
    delayMs: expect.any(Number),
    code: 'UNAVAILABLE',
    message: expect.stringContaining('ECONNREFUSED'),
  });
  expect(log.lines[0]).toMatchObject({ level: 40, event: 'client_call_repeated', attempt: 1, code: 'UNAVAILABLE' });
  await client.close();
  expect(await read).toBeInstanceOf(TemporalUnavailableError);
});
