import type { Endpoint } from './endpoint.ts';
import type { Fault, ScriptedFault } from './faults.ts';

interface Line {
  readonly scripted: ScriptedFault;
  toSkip: number;
  timesLeft: number;
  readonly random: () => number;
}

/** The scripted faults that are still to come, and which of them a call meets. */
export class FaultScript {
  #lines: Line[] = [];

  add(faults: readonly ScriptedFault[]): void {
    for (const scripted of faults) {
      const { skip = 0, rate, seed = 1, times = rate === undefined ? 1 : Infinity } = scripted;
      this.#lines.push({ scripted, toSkip: skip, timesLeft: times, random: randomNumbers(seed) });
    }
  }

  clear(): void {
    this.#lines = [];
  }

  /** The fault that this call meets, which counts as one of its times; null for none. */
  take(endpoint: Endpoint, idempotencyKey: string | null): Fault | null {
    const line = this.#lines.find((candidate) => applies(candidate, endpoint, idempotencyKey));
    if (line === undefined) return null;
    line.timesLeft -= 1;
    if (line.timesLeft === 0) this.#lines = this.#lines.filter((other) => other !== line);
    return line.scripted.fault;
  }
}

function applies(line: Line, endpoint: Endpoint, idempotencyKey: string | null): boolean {
  const { match, rate = 1, ...scripted } = line.scripted;
  if (scripted.endpoint !== endpoint) return false;
  if (match?.idempotencyKey !== undefined && match.idempotencyKey !== idempotencyKey) return false;
  if (line.toSkip > 0) {
    line.toSkip -= 1;
    return false;
  }
  return rate === 1 || line.random() < rate;
}

/** A linear congruential generator: enough for load, and the same numbers for the same seed everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
