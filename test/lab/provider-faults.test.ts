import { expect, test } from 'vitest';
import { FaultScript } from '../../src/fake-provider/fault-script.ts';
import { parseScriptedFaults, type ScriptedFault } from '../../src/fake-provider/faults.ts';
import { scriptedFaults } from '../../lab/provider-faults.ts';
import { randomNumbers } from '../../lab/random.ts';
import type { RunMode } from '../../lab/work.ts';

const CALLS = 40_000;
const EXECUTED_AND_LOST = [
  'executed-no-answer',
  'executed-hang',
  'headers-then-reset',
  'truncated-body',
  'broken-json',
];

/** The share of calls to `endpoint` that meet a fault which `counts`. */
function shareOf(
  endpoint: ScriptedFault['endpoint'],
  counts: (fault: ScriptedFault['fault']) => boolean,
  mode: RunMode = 'mixed',
): number {
  const script = new FaultScript();
  script.add(parseScriptedFaults(scriptedFaults(mode, randomNumbers(1))));
  let struck = 0;
  for (let n = 0; n < CALLS; n++) {
    const fault = script.take(endpoint, null);
    if (fault !== null && counts(fault)) struck += 1;
  }
  return struck / CALLS;
}

test.each(['/process', '/status/{request_id}', '/oauth/token'] as const)(
  '[N12] the lab breaks a fifth of the calls to %s',
  (endpoint) => {
    expect(shareOf(endpoint, ({ kind }) => kind !== 'delay')).toBeCloseTo(0.2, 2);
  },
);

test('[N12] of the submits 5 % are executed and their reply is lost', () => {
  expect(shareOf('/process', ({ kind }) => EXECUTED_AND_LOST.includes(kind))).toBeCloseTo(0.05, 2);
});

test('[N12] of the submits one in twenty is answered late, so that its callback comes first', () => {
  expect(shareOf('/process', ({ kind }) => kind === 'delay')).toBeCloseTo(0.05, 2);
});

test('[N12] in mode lookup a fifth of the lookups fails, and of the submits 2 % arrive late', () => {
  expect(shareOf('/requests', () => true, 'lookup')).toBeCloseTo(0.2, 2);
  expect(shareOf('/process', ({ kind }) => kind === 'executed-late', 'lookup')).toBeCloseTo(0.024, 2);
  expect(shareOf('/process', ({ kind }) => kind === 'executed-late')).toBe(0);
});

test('[N12] the same seed breaks the same calls', () => {
  expect(scriptedFaults('mixed', randomNumbers(7))).toEqual(scriptedFaults('mixed', randomNumbers(7)));
  expect(scriptedFaults('mixed', randomNumbers(7))).not.toEqual(scriptedFaults('mixed', randomNumbers(8)));
});
