import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { childArgs, serve } from './child.ts';
import { quantile } from './figures.ts';
import { keepInFlight, type LoadSample } from './in-flight.ts';

export interface HttpCallerArgs {
  origin: string;
  headers: Readonly<Record<string, string>>;
}

/** One call after the other for each caller: the n-th call of a load takes the n-th of `paths`, again from the first on. */
export interface HttpLoad {
  method: 'GET' | 'POST';
  paths: readonly string[];
  /** JSON; absent: no body. `{n}` in it is the number of the call. */
  body?: string;
  /** The answer that each must have. */
  expected: number;
  inFlight: number;
  calls: number;
  /** Take for the time of a call what has passed since the `completed_at` in its answer. */
  sinceEnd?: true;
}

export interface HttpSample extends LoadSample {
  /** Calls that a gateway which could not keep up refused, and that were made again. */
  overloaded: number;
}

const OVERLOADED = 503;
const REPEAT_AFTER_MS = 250;

const { origin, headers } = childArgs<HttpCallerArgs>();
/** As many connections as callers: each is a service of its own. */
const pools = new Map<number, Pool>();

serve(async ({ method, paths, body, expected, inFlight, calls, sinceEnd }: HttpLoad): Promise<HttpSample> => {
  const pool = pools.get(inFlight) ?? new Pool(origin, { connections: inFlight, pipelining: 1 });
  pools.set(inFlight, pool);
  const lags: number[] = [];
  let overloaded = 0;

  async function call(n: number): Promise<void> {
    const path = paths[n % paths.length] ?? '/';
    const sent = body === undefined ? null : body.replace('{n}', `${n}`);
    const type = sent === null ? {} : { 'content-type': 'application/json' };
    const reply = await pool.request({ method, path, headers: { ...headers, ...type }, body: sent });
    const text = await reply.body.text();
    if (reply.statusCode === OVERLOADED) {
      overloaded += 1;
      await delay(REPEAT_AFTER_MS);
      return await call(n);
    }
    if (reply.statusCode !== expected) throw new Error(`${method} ${path} answered ${reply.statusCode}: ${text}`);
    if (sinceEnd) lags.push(Date.now() - Date.parse((JSON.parse(text) as { completed_at: string }).completed_at));
  }

  const sample = { ...(await keepInFlight({ inFlight, calls }, call)), overloaded };
  return sinceEnd ? { ...sample, p50Ms: quantile(lags, 0.5), p99Ms: quantile(lags, 0.99) } : sample;
});
