import { setTimeout as delay } from 'node:timers/promises';
import { workOf } from './work.mjs';

const CALLERS = 16;
const REPEAT_AFTER_MS = 250;
const COUNT_EVERY_MS = 500;
/** Every so many requests the start is sent a second time although it was answered. */
const SENT_TWICE = 20;

/** Requests that are neither ended nor wait for a person. */
export const UNSETTLED = "ExecutionStatus = 'Running' AND ExternalApiAttention IS NULL";

class Refused extends Error {}

/**
 * Starts requests as services would: in mode `key` through the gateway, else with the client, which alone can ask for
 * less than the worker's mode. A start that got no answer is sent again with the same key.
 *
 * @param {object} options
 * @param {{ seed: number, mode: string, requests: number }} options.run
 * @param {number} options.inFlight at most so many unsettled requests
 * @param {(request: object) => void} options.onAccepted
 */
export function createLoad({ run, inFlight, gatewayUrl, client, temporal, onAccepted }) {
  const accepted = new Map();
  const starts = [];
  let next = 0;
  let unsettled = 0;
  const over = new AbortController();

  async function viaGateway({ key, data, async }) {
    const response = await fetch(`${gatewayUrl}/api/external/process`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ data, options: { async } }),
      signal: AbortSignal.timeout(15_000),
    });
    const answer = await response.json();
    // 5xx is "not at the moment"; anything else that is not a success is a mistake of the lab.
    if (response.status >= 500) throw new Error(`the gateway answered ${response.status}`);
    if (!response.ok) throw new Refused(`The gateway refused a start: ${JSON.stringify(answer)}`);
    return answer.request_id;
  }

  async function viaClient({ key, data, async, mode }) {
    const options = { idempotencyKey: key, idempotency: mode, deadline: '1 day' };
    return (await client.process({ data, options: { async } }, options)).requestId;
  }

  async function start(work) {
    const send = run.mode === 'mixed' && work.mode === 'none' ? viaClient : viaGateway;
    for (;;) {
      try {
        const requestId = await send(work);
        starts.push({ key: work.key, requestId });
        return requestId;
      } catch (error) {
        if (error instanceof Refused) throw error;
        await delay(REPEAT_AFTER_MS);
      }
    }
  }

  async function startOneAfterTheOther() {
    while (next < run.requests) {
      if (unsettled >= inFlight) {
        await delay(COUNT_EVERY_MS / 10);
        continue;
      }
      unsettled += 1;
      const work = workOf(run, next++);
      const requestId = await start(work);
      accepted.set(requestId, { ...work, requestId });
      onAccepted({ ...work, requestId });
      if (work.n % SENT_TWICE === 0) await start(work);
    }
  }

  async function keepCounting() {
    while (!over.signal.aborted) {
      await delay(COUNT_EVERY_MS);
      unsettled = await countUnsettled(temporal).catch(() => unsettled);
    }
  }

  return {
    /** By request_id. */
    accepted,
    /** Every answer to a start. */
    starts,
    get unsettled() {
      return unsettled;
    },
    /** Resolves when all are accepted. */
    async run() {
      void keepCounting();
      await Promise.all(Array.from({ length: CALLERS }, startOneAfterTheOther));
    },
    /** Ends the count of unsettled requests. */
    stop() {
      over.abort();
    },
  };
}

async function countUnsettled(temporal) {
  return (await temporal.workflow.count(UNSETTLED)).count;
}

/** Waits until no request is on its way any more. @returns {Promise<number>} how many still were after `withinMs` */
export async function settled(temporal, withinMs) {
  const deadline = Date.now() + withinMs;
  let quiet = 0;
  let unsettled = Infinity;
  // The list lags behind the truth by a moment.
  while (quiet < 3 && Date.now() < deadline) {
    await delay(COUNT_EVERY_MS);
    unsettled = await countUnsettled(temporal).catch(() => Infinity);
    quiet = unsettled === 0 ? quiet + 1 : 0;
  }
  return unsettled;
}
