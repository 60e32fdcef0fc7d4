import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  APIRateLimitError,
  APITimeoutError,
  DurableRequestError,
  ExternalApiClient,
  RequestCancelledError,
  RequestFinishedError,
  type Duration,
  type JsonValue,
  type StandardSchema,
} from '../../src/client/index.ts';

/** Compiled, and never run: `tsc` refuses an `@ts-expect-error` whose line is right. */

interface Line {
  sku: string;
  note?: string;
  amount: number | null;
}
interface Order {
  id: string;
  lines: readonly Line[];
  parent?: Order;
  place: [number, number];
}
interface Report {
  total: number;
}

declare const client: ExternalApiClient;
declare const order: Order;

test('[C4] data takes any interface that JSON can carry, and the compiler refuses what it cannot', () => {
  void (async () => {
    await client.process({ data: order });
    await client.process({ data: [order] });
    await client.process({ data: { order, text: 'hello', when: null } });
    await client.process({ data: order.lines });
    await client.process({ data: 'text' });
    await client.process({ data: JSON.parse('1') as JsonValue }, { idempotencyKey: 'a' });
    await client.invalidate({ input: { data: order } });
    // @ts-expect-error JSON has no functions
    await client.process({ data: { call: () => 1 } });
    // @ts-expect-error JSON has no dates
    await client.process({ data: { at: new Date() } });
    // @ts-expect-error JSON has no maps
    await client.process({ data: new Map() });
    // @ts-expect-error JSON has no bigint
    await client.process({ data: { n: 1n } });
    // @ts-expect-error JSON loses it
    await client.process({ data: [undefined] });
    // @ts-expect-error JSON loses it
    await client.process({ data: { n: undefined } });
    // @ts-expect-error there is no data
    await client.process({ data: undefined });
    // @ts-expect-error nobody knows what it is
    await client.process({ data: order as unknown });
    // @ts-expect-error not even when the result is typed, where data is looked at less closely
    await client.process<Report>({ data: 1n });
    await client.process<Report>({ data: order });
  });
});

test('[C4] a result has the type that the caller names, or that the schema makes', () => {
  void (async () => {
    const plain = await client.process({ data: order });
    expectTypeOf((await plain.result()).result.processedData).toEqualTypeOf<JsonValue>();
    const named = await client.process<Report>({ data: order });
    expectTypeOf((await named.result({ timeout: 1 })).result.processedData).toEqualTypeOf<Report>();
    const schema = z.object({ at: z.iso.datetime().transform((text) => new Date(text)) });
    const checked = await client.process({ data: order }, { schema });
    expectTypeOf((await checked.result()).result.processedData).toEqualTypeOf<{ at: Date }>();
    expectTypeOf((await checked.result<Report>()).result.processedData).toEqualTypeOf<Report>();
    const later = client.handle('req_…');
    expectTypeOf((await later.result({ schema })).result.processedData).toEqualTypeOf<{ at: Date }>();
    expectTypeOf((await client.result('req_…', { schema })).result.processedData).toEqualTypeOf<{ at: Date }>();
    expectTypeOf((await client.result<Report>('req_…')).result.processedData).toEqualTypeOf<Report>();
    expectTypeOf(schema).toExtend<StandardSchema<{ at: Date }>>();
  });
});

test('[C4][M12] an option that does not exist is refused by the compiler, in every call', () => {
  void (async () => {
    // @ts-expect-error idempotencyKey
    await client.process({ data: order }, { idempotency_key: 'a' });
    // @ts-expect-error callbackUrl
    await client.process({ data: order, options: { callback_url: 'https://x.example/' } });
    // @ts-expect-error callback goes into options
    await client.process({ data: order, callbackUrl: 'https://x.example/' });
    // @ts-expect-error timeout
    await client.result('req_…', { timeoutMs: 1 });
    // @ts-expect-error signal
    client.updates('req_…', { abort: AbortSignal.abort() });
    // @ts-expect-error there are by and reason
    await client.retry('req_…', { who: 'jo' });
    // @ts-expect-error providerRequestId
    await client.resolve('req_…', { decision: 'adopt', providerId: 'job-1', by: 'jo', reason: 'x' });
    // @ts-expect-error tenant
    client.list({ tenants: 'a' });
    // @ts-expect-error tenant
    await client.invalidate({ tenantId: 'a' });
    // @ts-expect-error a reason is a text
    await client.cancel('req_…', { reason: 'x' });
    // @ts-expect-error defaultDeadline
    ExternalApiClient.connect({ deadline: '1 hour' });
    // @ts-expect-error no option of a client of one's own
    void new ExternalApiClient({} as never, { temporal: { connectionOptions: {} } });
    // @ts-expect-error address
    ExternalApiClient.connect({ temporal: { connectionOptions: { adress: 'a:1' } } });
  });
});

test('[C4][M6] errors are told apart by their class and by their code', () => {
  const told = (error: unknown): string => {
    if (error instanceof APIRateLimitError) return error.code satisfies 'API_RATE_LIMIT';
    // Were two classes of one shape, the second would be `never`.
    if (error instanceof APITimeoutError) return error.code satisfies 'API_TIMEOUT';
    if (error instanceof RequestFinishedError) return error.requestId;
    if (error instanceof RequestCancelledError) return error.requestId;
    if (!(error instanceof DurableRequestError)) throw error;
    switch (error.code) {
      case 'IDEMPOTENCY_CONFLICT':
        return error.type;
      // @ts-expect-error there is no such code
      case 'CONFLICT':
        return '';
      default:
        return error.message;
    }
  };
  expect(told(new RequestCancelledError('req_1'))).toBe('req_1');
  expect(told(new APITimeoutError('late'))).toBe('API_TIMEOUT');
});

test('[C4][M12] a time that is none is refused by the compiler', () => {
  const times: Duration[] = [90_000, '90s', '1.5 hours', '10 minutes'];
  // @ts-expect-error no number
  times.push('banana');
  // @ts-expect-error no unit
  times.push('10 bananas');
  // @ts-expect-error no unit
  times.push('10');
});
