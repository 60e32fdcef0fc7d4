import type { ScriptedFault } from 'durable-external-api/testing';
import { RETRY_AFTER_MS } from './closed-times.ts';
import type { Fate } from './evidence.ts';
import type { RunMode } from './work.ts';

type Fault = ScriptedFault['fault'];
type Endpoint = ScriptedFault['endpoint'];

const status = (code: number): Fault => ({ kind: 'status', code });
const refusal = (code: number, ms = RETRY_AFTER_MS): Fault => ({
  kind: 'status',
  code,
  headers: { 'retry-after': `${ms / 1000}` },
});

type Shares = readonly [Endpoint, readonly [number, Fault][]][];

/**
 * What a fifth of the calls to each endpoint meets, by its share of them. Of the submits 5 % are executed and their
 * reply is lost, in one way or another. Refusals are few: each closes the provider for all.
 */
const SHARES: Shares = [
  [
    '/process',
    [
      [0.02, { kind: 'executed-no-answer' }],
      [0.01, { kind: 'headers-then-reset' }],
      [0.01, { kind: 'truncated-body', end: 'rst' }],
      [0.005, { kind: 'executed-hang' }],
      [0.005, { kind: 'broken-json' }],
      [0.03, { kind: 'reset-before-read' }],
      [0.025, { kind: 'reset-after-read' }],
      [0.075, status(500)],
      [0.005, refusal(429)],
      [0.005, refusal(503)],
      [0.01, { kind: 'success-false' }],
    ],
  ],
  [
    '/status/{request_id}',
    [
      [0.08, status(500)],
      [0.05, { kind: 'reset-before-read' }],
      [0.01, refusal(429)],
      [0.03, { kind: 'truncated-body' }],
      [0.03, { kind: 'unknown-status-word', word: 'warming-up' }],
    ],
  ],
  [
    '/oauth/token',
    [
      [0.1, status(500)],
      [0.1, { kind: 'reset-before-read' }],
    ],
  ],
];

/** Of the submits that pass the others: done at once and answered late, so that the callback comes first. */
const SLOW: Shares = [['/process', [[0.06, { kind: 'delay', ms: 1_500 }]]]];

/** A submit arrives so long after its reply was lost, at the latest. */
export const LATEST_ARRIVAL_MS = 6_000;

/**
 * In mode lookup also this: of the submits that pass the others some are still on their way when the provider is first asked
 * for them, and of the lookups a fifth fails too.
 */
const LATE: Shares = [
  [
    '/process',
    [
      [0.015, { kind: 'executed-late', ms: 1_500 }],
      [0.015, { kind: 'executed-late', ms: LATEST_ARRIVAL_MS }],
    ],
  ],
  [
    '/requests',
    [
      [0.08, status(500)],
      [0.05, { kind: 'reset-before-read' }],
      [0.01, refusal(429)],
      [0.03, { kind: 'truncated-body' }],
      [0.03, { kind: 'broken-json' }],
    ],
  ],
];

/**
 * The script for the fake provider.
 *
 * @param random uniform in [0, 1)
 */
export function scriptedFaults(mode: RunMode, random: () => number): ScriptedFault[] {
  const shares = [...SHARES, ...(mode === 'lookup' ? LATE : []), ...SLOW];
  return shares.flatMap(([endpoint, faults]) => {
    let before = 0;
    return faults.map(([share, fault]) => {
      // A line only sees the calls that the lines before it let through.
      const rate = share / (1 - before);
      before += share;
      return { endpoint, rate, seed: Math.floor(random() * 2 ** 32), fault };
    });
  });
}

/** The next submit is refused, which closes the provider for all. */
export function closingFault(forMs: number): ScriptedFault {
  return { endpoint: '/process', fault: refusal(429, forMs) };
}

/** The fault of one request that lasts until its tries are used up: none for most fates. */
export function lastingFaults(fate: Fate, requestId: string, tries: number): ScriptedFault[] {
  const match = { idempotencyKey: requestId };
  if (fate === 'submits-fail') return [{ endpoint: '/process', match, times: tries, fault: status(500) }];
  if (fate === 'polls-fail') return [{ endpoint: '/status/{request_id}', match, times: tries, fault: status(500) }];
  return [];
}
