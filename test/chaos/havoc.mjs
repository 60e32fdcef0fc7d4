import { setTimeout as delay } from 'node:timers/promises';
import { killDelay } from './havoc-plan.mjs';
import { lookInHands } from './recovery.mjs';

/**
 * Does the harm that was planned, while requests are on their way.
 *
 * @param {object} options
 * @param {import('./havoc-plan.mjs').Blow[]} options.blows
 * @param {number} options.kills at most so many workers are killed
 * @param {number} options.freezeMs
 * @param {() => number} options.random
 * @param {() => number} options.accepted how many requests were accepted so far
 * @param {() => boolean} options.isOver whether all are: then nothing new is begun
 */
export function startHavoc({ stack, temporal, blows, kills, freezeMs, random, accepted, isOver, say }) {
  const { workers, gateway } = stack;
  /** @type {Record<'killed' | 'frozen', import('./recovery.mjs').Death[]>} */
  const deaths = { killed: [], frozen: [] };
  const restarts = { temporal: 0, gateway: 0 };
  const underWay = new Set();
  const blowsOver = new AbortController();
  let fail;
  const failure = new Promise((_, reject) => (fail = reject));

  const living = () => workers.filter(({ isReady, isFrozen }) => isReady && !isFrozen);

  async function stop(worker, list) {
    const death = { pid: worker.freeze(), at: Date.now(), seen: [] };
    list.push(death);
    death.seen = await lookInHands(temporal);
  }

  const STRIKES = {
    async 'freeze-worker'() {
      while (living().length === 0) await delay(50);
      const [worker] = living();
      const thaw = delay(freezeMs);
      await stop(worker, deaths.frozen);
      await thaw;
      worker.resume();
    },
    async 'restart-temporal'() {
      restarts.temporal += 1;
      await stack.temporal.restart();
    },
    async 'restart-gateway'({ signal }) {
      restarts.gateway += 1;
      await gateway.restart(signal);
    },
  };

  async function strikeBlows() {
    for (const blow of blows) {
      while (accepted() < blow.after) await delay(50);
      say(`  ${blow.what}${blow.signal ? ` (${blow.signal})` : ''} after ${accepted()} requests`);
      const strike = STRIKES[blow.what](blow);
      if (blow.what === 'restart-temporal') await strike;
      else track(strike);
    }
    await Promise.all(underWay);
    blowsOver.abort();
  }

  async function killWorkers() {
    while (deaths.killed.length < kills && !(isOver() && blowsOver.signal.aborted)) {
      await delay(killDelay(random));
      const choice = random();
      const victims = living();
      if (victims.length > 0) track(kill(victims[Math.floor(choice * victims.length)]));
    }
  }

  /** What it had in hand is looked at between its last moment and the signal that ends it. */
  async function kill(worker) {
    await stop(worker, deaths.killed);
    await worker.restart();
  }

  function track(work) {
    const tracked = work.catch(fail).finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  }

  return {
    deaths,
    restarts,
    /** Resolves when all harm is done and every process is up again. */
    finished: Promise.race([Promise.all([strikeBlows(), killWorkers()]).then(() => Promise.all(underWay)), failure]),
  };
}
