import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { ACME, startGateway, type RunningGateway } from './running-gateway.ts';
import { type Schema, valuesOf } from './schema-values.ts';

interface Operation {
  parameters?: { name: string; in: 'path' | 'query' | 'header'; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: object;
}

interface Call {
  method: string;
  route: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

const CASES = 10_000;
const COMPLETED = `req_${'0'.repeat(26)}`;
/** Its events have no end. */
const RUNNING = `req_${'0'.repeat(25)}1`;
const UNKNOWN = `req_${'Z'.repeat(26)}`;

/** Any call of an operation that HTTP can carry. */
function callsOf(route: string, method: string, { parameters = [], requestBody }: Operation): fc.Arbitrary<Call> {
  const text = fc.string({
    maxLength: 20,
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  /** `*` names every entity tag there is. */
  const either = (name: string, schema: Schema) =>
    name === 'if-none-match' ? fc.oneof(valuesOf(schema, text), fc.constant('*')) : valuesOf(schema, text);
  const of = (where: string) =>
    fc.record(
      Object.fromEntries(
        parameters
          .filter((parameter) => parameter.in === where)
          .map(({ name, schema }) => [
            name,
            either(name, schema).map((value) => String(value).replace(/[^\x20-\x7e]/g, '?')),
          ]),
      ),
      { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>;
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  const json = schema === undefined ? fc.constant(null) : valuesOf(schema).map((value) => JSON.stringify(value));
  const broken = fc.constantFrom('{"data":', '{"data":1,"data":2}', '[', '', '\u0000', '{"data":1e999}');
  return fc.record({
    method: fc.constant(method.toUpperCase()),
    route: fc.constant(route),
    path: fc
      .tuple(
        fc.oneof(fc.constantFrom(COMPLETED, COMPLETED, route.includes('events') ? COMPLETED : RUNNING, UNKNOWN), text),
        of('query'),
      )
      .map(([id, query]) => {
        // Nothing changes: whoever waits, waits to the end of its time.
        const asked = new URLSearchParams({
          ...query,
          ...('wait' in query && id === RUNNING && { wait: '0' }),
        }).toString();
        return (
          route.replace(/\{\w+\}/, encodeURIComponent(id).replaceAll('.', '%2E')) + (asked === '' ? '' : `?${asked}`)
        );
      }),
    headers: fc
      .tuple(of('header'), fc.constantFrom(`Bearer ${ACME}`, `Bearer ${ACME}`, `Bearer ${ACME}`, 'Bearer x', ''))
      .map(([headers, authorization]) => ({
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.trim()])),
        ...(authorization !== '' && { authorization }),
      })),
    body:
      schema === undefined
        ? fc.constant(null)
        : fc.oneof({ weight: 19, arbitrary: json }, { weight: 1, arbitrary: broken }),
  });
}

async function send({ url }: RunningGateway, { method, path, headers, body }: Call): Promise<Response> {
  const type: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' };
  return await fetch(url + path, { method, headers: { ...headers, ...type }, body });
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapMiB(): number {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

test(
  `[M12][M20] ${CASES} calls made from the document get no answer that it does not have, no 5xx, and change no data`,
  { timeout: 600_000 },
  async () => {
    const gateway = await startGateway({ syncWaitMs: 0 });
    const { client } = gateway;
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Document;
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const checks = new Map<string, (body: unknown) => boolean>();
    const operations = Object.entries(document.paths).flatMap(([route, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ route, method, operation })),
    );

    function fits(key: string, schema: Schema, body: unknown): boolean {
      const check = checks.get(key) ?? ajv.compile({ ...schema, components: document.components });
      checks.set(key, check);
      return check(body);
    }

    /** Only what the document has for this operation. */
    async function judge(call: Call, operation: Operation, response: Response): Promise<string | null> {
      const told = await response.text();
      const answer = operation.responses[response.status];
      const shown = `${call.method} ${call.path} ${call.body ?? ''} -> ${response.status} ${told.slice(0, 300)}`;
      if (response.status >= 500) return `a failure: ${shown}`;
      if (answer === undefined) return `no such status: ${shown}`;
      if (answer.content === undefined) return told === '' ? null : `a body: ${shown}`;
      const type = response.headers.get('content-type')?.split(';')[0] ?? '';
      const schema = answer.content[type]?.schema;
      if (schema === undefined) return `no such content type, ${type}: ${shown}`;
      const body: unknown = type === 'text/event-stream' ? told : JSON.parse(told);
      return fits(`${call.method} ${call.route} ${response.status} ${type}`, schema, body)
        ? null
        : `another shape: ${shown}`;
    }

    async function begin(): Promise<void> {
      client.forget();
      gateway.log.length = 0;
      await client.process({ data: 'first' }, { tenant: 'acme' });
      client.complete(COMPLETED, 'done');
      await client.process({ data: 'second' }, { tenant: 'acme' });
    }

    const warnings: string[] = [];
    const warn = ({ message }: Error) => void warnings.push(message);
    process.on('warning', warn);
    onTestFinished(() => void process.off('warning', warn));
    await begin();
    const statuses = new Map<string, number>();
    let made = 0;
    let early = 0;
    const property = fc.asyncProperty(
      fc.oneof(
        ...operations.map(({ route, method, operation }) =>
          callsOf(route, method, operation).map((call) => ({ call, operation })),
        ),
      ),
      async ({ call, operation }) => {
        if (++made % 500 === 0) await begin();
        if (made === CASES / 5) early = heapMiB();
        const before = client.requests.size;
        const response = await send(gateway, call);
        statuses.set(`${response.status}`, (statuses.get(`${response.status}`) ?? 0) + 1);
        expect(await judge(call, operation, response)).toBeNull();
        if (client.requests.size === before || call.body === null) return;
        const taken = client.requests.get(client.lastId)?.input.data;
        expect(taken).toEqual((JSON.parse(call.body) as { data: unknown }).data);
      },
    );
    await fc.assert(property, { numRuns: CASES, seed: 20_261_201 });
    expect(made).toBeGreaterThanOrEqual(CASES);
    // Of listeners that are never taken off, for one.
    expect(warnings).toEqual([]);
    // Else it proves nothing.
    for (const status of ['200', '202', '304', '400', '401', '404', '409'])
      expect([status, statuses.get(status) ?? 0]).not.toEqual([status, 0]);
    await begin();
    expect(heapMiB() - early).toBeLessThan(32);
  },
);
