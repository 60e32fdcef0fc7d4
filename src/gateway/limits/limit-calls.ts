import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../http-error.ts';
import { MINUTE_MS, type MinuteCount } from './minute-counts.ts';
import { addQuota } from './quota-fields.ts';

/** Counts one more call of a tenant. Never fails. @param now milliseconds of a clock that is not set back */
export type CountCall = (tenant: string, now: number) => MinuteCount | Promise<MinuteCount>;

/** Refuses what a tenant asks for beyond so many calls in a minute, before the body is read. After the callers' hook. */
export function limitCalls(app: FastifyInstance, callsPerMinute: number, count: CountCall): void {
  app.register(rateLimit, {
    global: false,
    max: callsPerMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: ({ tenant }) => tenant,
    store: storeOf(count),
  });
  let look: ReturnType<FastifyInstance['createRateLimit']>;
  app.after(() => {
    look = app.createRateLimit();
  });
  app.addHook('onRequest', async (request) => {
    const call = await look(request);
    // It never is: there is no list of those that may.
    if (call.isAllowed) return;
    const endsInS = Math.max(1, call.ttlInSeconds);
    const window = { seconds: MINUTE_MS / 1000, endsInS };
    addQuota(request, { name: 'calls', most: call.max, left: call.remaining, window });
    if (call.isExceeded) throw tooManyCalls(call.max, endsInS);
  });
}

type Store = NonNullable<NonNullable<Parameters<FastifyInstance['createRateLimit']>[0]>['store']>;

/** The plugin makes its store itself, and asks it by a callback. */
function storeOf(count: CountCall): Store {
  return class {
    incr(tenant: string, tell: (error: Error | null, result?: { current: number; ttl: number }) => void): void {
      const counted = async (): Promise<void> => {
        const { calls, endsInMs } = await count(tenant, performance.now());
        tell(null, { current: calls, ttl: endsInMs });
      };
      counted().catch(tell);
    }

    child(): this {
      return this;
    }
  };
}

function tooManyCalls(most: number, endsInS: number): HttpError {
  const detail = `This tenant has made more than ${most} calls in a minute. Nothing was done. Repeat the call in ${endsInS} s.`;
  return new HttpError(429, 'TooManyCallsError', detail, { 'retry-after': String(endsInS) });
}
