const RETRY_SOON = { 'retry-after': '1' };
const status = (code, more = {}) => ({ kind: 'status', code, ...more });

/**
 * What a fifth of the calls to each endpoint meets, by its share of them. Of the submits 5 % are executed and their
 * reply is lost, in one way or another.
 */
const SHARES = {
  '/process': [
    [0.02, { kind: 'executed-no-answer' }],
    [0.01, { kind: 'headers-then-reset' }],
    [0.01, { kind: 'truncated-body', end: 'rst' }],
    [0.005, { kind: 'executed-hang' }],
    [0.005, { kind: 'broken-json' }],
    [0.03, { kind: 'reset-before-read' }],
    [0.025, { kind: 'reset-after-read' }],
    [0.03, status(500)],
    [0.03, status(429, { headers: RETRY_SOON })],
    [0.025, status(503, { headers: RETRY_SOON })],
    [0.01, { kind: 'success-false' }],
  ],
  '/status/{request_id}': [
    [0.05, status(500)],
    [0.05, { kind: 'reset-before-read' }],
    [0.04, status(429, { headers: RETRY_SOON })],
    [0.03, { kind: 'truncated-body' }],
    [0.03, { kind: 'unknown-status-word', word: 'warming-up' }],
  ],
  '/oauth/token': [
    [0.1, status(500)],
    [0.1, { kind: 'reset-before-read' }],
  ],
};

/**
 * The script for the fake provider.
 *
 * @param {() => number} random uniform in [0, 1)
 * @returns {import('../../src/fake-provider/index.ts').ScriptedFault[]}
 */
export function scriptedFaults(random) {
  return Object.entries(SHARES).flatMap(([endpoint, faults]) => {
    let before = 0;
    return faults.map(([share, fault]) => {
      // A line only sees the calls that the lines before it let through.
      const rate = share / (1 - before);
      before += share;
      return { endpoint, rate, seed: Math.floor(random() * 2 ** 32), fault };
    });
  });
}
