import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACME, startGateway, type RunningGateway } from './running-gateway.ts';

interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        requestBody?: { content: Record<string, { schema: object }> };
        parameters?: { name: string; in: string; schema: object }[];
      }
    >
  >;
  components: object;
}

async function readDocument({ url }: RunningGateway): Promise<Document> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as Document;
}

/** Whether a value fits a schema of the document. */
function checkerOf({ components }: Document, schema: object): (value: unknown) => boolean {
  // `uri` says no more than the pattern beside it.
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const check = ajv.compile({ ...schema, components });
  return (value) => check(value);
}

const absent = undefined;
const data = fc.constantFrom(absent, absent, null, 0, 1.5, '', 'x', true, [], {}, { a: [null] });
const url = fc.constantFrom(
  absent,
  null,
  '',
  'x',
  '/done',
  'https://',
  'https://a.b/c?d#e',
  'HTTP://a:81',
  'ftp://a/',
  'https://u:p@a/',
  1,
);
const options = fc.oneof(
  fc.constantFrom(absent, null, {}, [], 'x'),
  fc.record({
    async: fc.constantFrom(absent, null, true, 'x', 1),
    callback_url: url,
    more: fc.constantFrom(absent, absent, absent, 1),
  }),
);
const more = fc.constantFrom(absent, absent, absent, absent, 1);

const ID = `req_${'0'.repeat(26)}`;
const BODIES: [string, fc.Arbitrary<object>][] = [
  ['/api/external/process', fc.record({ data, options, more })],
  [
    '/api/external/cache/invalidate',
    fc.record({ request_id: fc.constantFrom(absent, absent, ID, 'x', '', null, 1), data, options, more }),
  ],
  [
    '/api/external/resolve/{request_id}',
    fc.record({
      decision: fc.constantFrom('resubmit', 'abandon', 'adopt', 'adopt', 'x', absent, null),
      provider_request_id: fc.constantFrom(absent, null, '', 'job-1', '/jobs/1', '../x', 'a b', 'x'.repeat(1001), 1),
      reason: fc.constantFrom('x', 'x', 'x', '', ' ', 'x'.repeat(2000), 'x'.repeat(2001), absent, null, 1),
      by: fc.constantFrom(absent, null, 'jo', '', ' \n', 'x'.repeat(100), 'x'.repeat(101), 1),
      more,
    }),
  ],
];

test.each(BODIES)('[M12][M22] what the document says of a body of %s, the gateway does', async (path, body) => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  const document = await readDocument(gateway);
  const schema = document.paths[path]?.['post']?.requestBody?.content['application/json']?.schema ?? {};
  const fits = checkerOf(document, schema);
  await gateway.post({ data: 1 });
  const verdicts = new Set<boolean>();
  const decide = async (value: object): Promise<void> => {
    const sent = JSON.stringify(value);
    const fitting = fits(JSON.parse(sent));
    const response = await fetch(gateway.url + path.replace('{request_id}', ID), {
      method: 'POST',
      headers: { authorization: `Bearer ${ACME}`, 'content-type': 'application/json' },
      body: sent,
    });
    await response.arrayBuffer();
    expect({ sent, taken: response.status < 500 && response.status !== 400 }).toEqual({ sent, taken: fitting });
    verdicts.add(fitting);
  };
  await fc.assert(fc.asyncProperty(body, decide), { numRuns: 400, seed: 7 });
  // Both were seen.
  expect(verdicts.size).toBe(2);
});

test.each([
  ['order-1', true],
  ['"order-1"', true],
  [String.raw`"a\"b"`, true],
  ['x'.repeat(255), true],
  ['x'.repeat(256), false],
  ['""', false],
  ['"a', false],
  ['two words', false],
])('[M12][M22] an Idempotency-Key of %j is taken, as the document says: %s', async (key, taken) => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  const document = await readDocument(gateway);
  const parameters = document.paths['/api/external/process']?.['post']?.parameters ?? [];
  const schema = parameters.find(({ name }) => name === 'idempotency-key')?.schema ?? {};
  expect(checkerOf(document, schema)(key)).toBe(taken);
  const response = await gateway.post({ data: 1 }, { 'idempotency-key': key });
  expect(response.status).toBe(taken ? 202 : 400);
});

test('[M12][M22] every answer fits the schema that the document has for it', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  const { client, post, status, resolve, invalidate, url: origin } = gateway;
  const document = (await readDocument(gateway)) as Document & {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>
    >;
  };
  const checks = async (method: string, path: string, response: Response): Promise<void> => {
    const answer = document.paths[path]?.[method]?.responses[response.status];
    const type = response.headers.get('content-type')?.split(';')[0] ?? '';
    const schema = answer?.content[type]?.schema;
    if (schema === undefined) throw new Error(`${method} ${path} has no ${response.status} of ${type}`);
    const body: unknown = await response.json();
    expect({ body, fits: checkerOf(document, schema)(body) }).toEqual({ body, fits: true });
  };
  const PROCESS = '/api/external/process';
  const STATUS = '/api/external/status/{request_id}';
  await checks('post', PROCESS, await post({ data: 1 }));
  await checks('post', PROCESS, await post({ data: null }));
  await checks('post', PROCESS, await post({ data: 1 }, { authorization: 'x' }));
  await checks('post', PROCESS, await post({ data: 1 }, { 'content-encoding': 'gzip' }));
  await checks('get', STATUS, await status(client.lastId));
  await checks('get', STATUS, await status('x'));
  client.complete(client.lastId, 'HELLO');
  await checks('get', STATUS, await status(client.lastId));
  await checks(
    'post',
    '/api/external/resolve/{request_id}',
    await resolve(client.lastId, { decision: 'abandon', reason: 'x' }),
  );
  await checks('post', '/api/external/cache/invalidate', await invalidate({}));
  await checks('get', '/healthz', await fetch(`${origin}/healthz`));
  await checks('get', '/readyz', await fetch(`${origin}/readyz`));
});
