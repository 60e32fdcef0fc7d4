import { expect, test } from 'vitest';
import { TargetGate } from '../../src/deliveries/target-gate.ts';

const NOW = 1_000_000;

function failing(times: number): TargetGate {
  const gate = new TargetGate();
  for (let n = 0; n < times; n++) {
    expect(gate.enter(NOW)).toBeNull();
    gate.leave(false, NOW);
  }
  return gate;
}

test('[N16] one target gets ten attempts at once, and the next when one of them is over', () => {
  const gate = new TargetGate();
  for (let n = 0; n < 10; n++) expect(gate.enter(NOW)).toBeNull();
  expect(gate.enter(NOW)).toEqual({ waitMs: 0, isDown: false });
  gate.leave(true, NOW);
  expect(gate.enter(NOW)).toBeNull();
  expect(gate.isIdle).toBe(false);
});

test('[N16] after five failures in a row a target is left alone, at first for ten seconds', () => {
  const gate = failing(4);
  expect(gate.enter(NOW)).toBeNull();
  gate.leave(false, NOW);
  expect(gate.enter(NOW)).toEqual({ waitMs: 10_000, isDown: true });
  expect(gate.enter(NOW + 9_999)).toEqual({ waitMs: 1, isDown: true });
});

test('[N16] a success in between begins the count anew', () => {
  const gate = failing(4);
  expect(gate.enter(NOW)).toBeNull();
  gate.leave(true, NOW);
  for (let n = 0; n < 4; n++) {
    expect(gate.enter(NOW)).toBeNull();
    gate.leave(false, NOW);
  }
  expect(gate.enter(NOW)).toBeNull();
});

test('[N16] then one attempt finds out alone, and its failure closes it for twice as long, up to five minutes', () => {
  const gate = failing(5);
  let now = NOW;
  const closed: number[] = [];
  for (let n = 0; n < 8; n++) {
    const held = gate.enter(now);
    closed.push(held?.waitMs ?? -1);
    now += held?.waitMs ?? 0;
    expect(gate.enter(now)).toBeNull();
    // Nobody goes beside it.
    expect(gate.enter(now)).toEqual({ waitMs: 0, isDown: true });
    gate.leave(false, now);
  }
  expect(closed).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
});

test('[N16] its success opens the target for all', () => {
  const gate = failing(5);
  expect(gate.enter(NOW + 10_000)).toBeNull();
  gate.leave(true, NOW + 10_000);
  for (let n = 0; n < 10; n++) expect(gate.enter(NOW + 10_000)).toBeNull();
});
