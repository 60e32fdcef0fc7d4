import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { waitUntil } from '../helpers/wait-until.ts';
import { ACME, startGateway, type RunningGateway } from './running-gateway.ts';

const PAGE = readFileSync(new URL('../../docs/gateway.md', import.meta.url), 'utf8');
/** The request that most examples of the page are about. */
const DOCUMENTED = 'req_1D7X52XGDQYC3RDCVKF65ADF1F';

interface Example {
  heading: string;
  /** The words of a shell, with its variables. */
  words: string[];
  /** What the page shows after it. */
  shown: string;
}

/** Every call of curl on the page. */
function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  let heading = '';
  for (const [, title, block] of page.matchAll(/^## (.*)$|^```console\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    const [, command, shown = ''] = /^\$ (curl (?:.*\\\n)*.*)\n([\s\S]*)/.exec(block ?? '') ?? [];
    if (command !== undefined) examples.push({ heading, words: wordsOf(command.replaceAll('\\\n', ' ')), shown });
  }
  return examples;
}

function wordsOf(command: string): string[] {
  return [...command.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

/** What curl would send. */
function callOf({ words }: Example, { url }: RunningGateway): { url: string; init: RequestInit } {
  const [, ...args] = words.map((word) => word.replace('$GATEWAY', url).replace('$KEY', ACME));
  const headers: Record<string, string> = {};
  let body: string | undefined;
  let target = '';
  for (let n = 0; n < args.length; n++) {
    const word = args[n] ?? '';
    if (word === '-H') {
      const [name = '', value = ''] = (args[++n] ?? '').split(/: (.*)/);
      headers[name] = value;
    } else if (word === '-d') body = args[++n];
    else if (!/^-[siN]+$/.test(word)) target = word;
  }
  return { url: target, init: body === undefined ? { headers } : { method: 'POST', headers, body } };
}

/** Brings the gateway into the state that the section speaks of. What is done once the call is there. */
const BEFORE: Record<string, (gateway: RunningGateway) => (() => void) | undefined> = {
  'Start a request': (gateway) => () => gateway.client.complete(gateway.client.lastId, 'done'),
  'Read a request': ({ client }) => {
    client.adopt(DOCUMENTED, 'acme', {
      status: 'submitting',
      waitingFor: { reason: 'cool_down', since: null, until: '2100-01-01T00:00:00.000Z', attempt: 2, calls: 1 },
    });
    return () => client.complete(DOCUMENTED, 'done');
  },
  'Ask why': ({ client }) => {
    const until = '2026-11-23T17:51:01.449Z';
    const waitingFor = { reason: 'cool_down', since: null, until, attempt: 2, calls: 1 } as const;
    client.adopt(DOCUMENTED, 'acme', { status: 'submitting', waitingFor });
    return undefined;
  },
  'List requests': ({ client }) => {
    const error = {
      type: 'ExternalAPIError',
      message: 'x',
      statusCode: 500,
      retryable: false,
      outcome: 'final',
    } as const;
    client.adopt(DOCUMENTED, 'acme', { status: 'failed', error, completedAt: '2026-11-23T17:50:43.011Z' });
    return undefined;
  },
  'Cancel a request': ({ client }) => {
    client.adopt(DOCUMENTED, 'acme', { status: 'processing' });
    return undefined;
  },
  'Decide on an unknown outcome': ({ client }) => {
    client.adopt(DOCUMENTED, 'acme', { status: 'outcome_unknown' });
    return undefined;
  },
  Problems: () => undefined,
};

const examples = examplesOf(PAGE);

test('[M22] the page of the gateway has an example for each of its sections', () => {
  expect(new Set(examples.map(({ heading }) => heading))).toEqual(new Set(Object.keys(BEFORE)));
  expect(examples.length).toBeGreaterThan(8);
});

test.each(examples.map((example) => [example.words.slice(1, 3).join(' '), example] as const))(
  '[M22][M19] the page shows what is answered to %s',
  { timeout: 60_000 },
  async (_, example) => {
    const gateway = await startGateway({ syncWaitMs: 20_000 });
    const then = BEFORE[example.heading]?.(gateway);
    const call = callOf(example, gateway);
    const shownTag = /If-None-Match/.test(example.words.join(' '));
    if (shownTag) {
      const first = await fetch(call.url.replace(/\?.*/, ''), { headers: { authorization: `Bearer ${ACME}` } });
      Object.assign(call.init.headers ?? {}, { 'If-None-Match': first.headers.get('etag') });
      call.url = call.url.replace('wait=30', 'wait=1');
    }
    const answering = fetch(call.url, call.init);
    if (then !== undefined && !shownTag) {
      await waitUntil(
        'it waits',
        () =>
          gateway.client.waits.length > 0 ||
          gateway.client.polls > 0 ||
          gateway.log.some(({ event }) => event === 'gateway_request'),
      );
      then();
    }
    const response = await answering;
    const told = await response.text();
    const [, status = '200'] = /HTTP\/1\.1 (\d+)/.exec(example.shown) ?? [];
    const problem = /^\{.*"status":(\d{3}),/m.exec(example.shown)?.[1];
    expect(String(response.status)).toBe(problem ?? status);
    for (const [, name = ''] of example.shown.matchAll(/^([a-z-]+): /gm)) {
      if (!['data', 'id', 'event', 'retry'].includes(name))
        expect([name, response.headers.has(name)]).toEqual([name, true]);
      else expect(told).toMatch(new RegExp(`^${name}: `, 'm'));
    }
    const members = (text: string): Set<string> =>
      new Set([...text.matchAll(/"(\w+)":/g)].map(([, name = '']) => name));
    const json = example.shown
      .split('\n')
      .filter((line) => /^(?:data: )?\{/.test(line))
      .join('\n');
    const known = members(told);
    expect([...members(json)].filter((name) => !known.has(name) && !/^(?:sha256|bytes)$/.test(name))).toEqual([]);
  },
);
