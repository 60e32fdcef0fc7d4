import { expect, test } from 'vitest';
import { FaultScript } from '../../src/fake-provider/fault-script.ts';
import type { ScriptedFault } from '../../src/fake-provider/index.ts';

const delay = (ms: number, rest: Partial<ScriptedFault> = {}): ScriptedFault => ({
  endpoint: '/process',
  fault: { kind: 'delay', ms },
  ...rest,
});

/** What `count` calls meet: the fault's ms, or 0. */
function met(script: FaultScript, count: number, key: string | null = null, endpoint = '/process' as const) {
  return Array.from({ length: count }, () => {
    const fault = script.take(endpoint, key);
    return fault?.kind === 'delay' ? fault.ms : 0;
  });
}

function scriptOf(...faults: ScriptedFault[]): FaultScript {
  const script = new FaultScript();
  script.add(faults);
  return script;
}

test('[M20] a fault strikes once, or as many times as it says, after those it skips', () => {
  expect(met(scriptOf(delay(1)), 3)).toEqual([1, 0, 0]);
  expect(met(scriptOf(delay(1, { skip: 1, times: 2 })), 5)).toEqual([0, 1, 1, 0, 0]);
});

test('[M20] lines are tried in order, and a line that lets a call through leaves it to the next', () => {
  expect(met(scriptOf(delay(1, { skip: 1 }), delay(2, { times: 2 })), 4)).toEqual([2, 1, 2, 0]);
});

test('[M20] a fault strikes its endpoint and its key only', () => {
  const script = scriptOf(delay(1, { match: { idempotencyKey: 'a' } }));
  expect(met(script, 1, 'b')).toEqual([0]);
  expect(met(script, 1)).toEqual([0]);
  expect(script.take('/oauth/token', 'a')).toBeNull();
  expect(met(script, 2, 'a')).toEqual([1, 0]);
});

test('[M20] a rate strikes about that share of the calls, the same ones for the same seed', () => {
  const run = (seed: number) => met(scriptOf(delay(1, { rate: 0.3, seed })), 2000);
  const struck = run(7).filter((ms) => ms === 1).length;
  expect(struck).toBeGreaterThan(500);
  expect(struck).toBeLessThan(700);
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
  expect(met(scriptOf(delay(1, { rate: 1 })), 50)).toEqual(Array(50).fill(1));
  expect(met(scriptOf(delay(1, { rate: 0 })), 50)).toEqual(Array(50).fill(0));
});

test('[M20] a cleared script strikes no more', () => {
  const script = scriptOf(delay(1, { times: 9 }));
  script.clear();
  expect(met(script, 1)).toEqual([0]);
});
