import { setTimeout as delay } from 'node:timers/promises';
import { duration } from './progress.mjs';

const STATUS_EVERY_MS = 150;
const FINISHED = ['completed', 'failed', 'cancelled', 'timed_out'];

/** What the demo asks for, also as the curl line shows it. */
export const DEMO_INPUT = { data: { message: 'Hello, durable world' }, options: { async: true } };

/**
 * Sends one asynchronous request through the gateway and tells every state it goes through.
 *
 * @returns {Promise<string>} its request_id
 * @throws {Error} when it does not complete within `deadlineMs`
 */
export async function runDemoRequest({ gatewayUrl, key, say, deadlineMs = 60_000 }) {
  const started = performance.now();
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const { request_id: id } = await json(`${gatewayUrl}/api/external/process`, {
    method: 'POST',
    headers,
    body: JSON.stringify(DEMO_INPUT),
  });
  say(`  ${id}`);

  let shown = null;
  for (;;) {
    const state = await json(`${gatewayUrl}/api/external/status/${id}`, { headers });
    const elapsed = performance.now() - started;
    if (state.status !== shown) say(`    ${duration(elapsed).padStart(6)}  ${state.status}`);
    shown = state.status;
    if (shown === 'completed') {
      say(`  result: ${JSON.stringify(state.result)}`);
      return id;
    }
    if (FINISHED.includes(shown)) throw new Error(`The request ended as ${shown}: ${JSON.stringify(state.error)}`);
    if (elapsed > deadlineMs) throw new Error(`The request is still ${shown} after ${duration(deadlineMs)}.`);
    await delay(STATUS_EVERY_MS);
  }
}

async function json(url, init) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
  const body = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url} answered ${response.status}: ${body}`);
  return JSON.parse(body);
}
