const TERMINAL = 4;
const RANK = {
  queued: 0,
  authenticating: 1,
  submitting: 2,
  processing: 3,
  outcome_unknown: 3,
  completed: TERMINAL,
  failed: TERMINAL,
  cancelled: TERMINAL,
  timed_out: TERMINAL,
};

/**
 * The steps of a reader's sequence that no request may take. Only a decision leads out of `outcome_unknown`, and it may
 * lead back to `submitting`.
 *
 * @param {readonly import('./checker.mjs').Reading[]} seen in the order in which they were read
 * @param {number} decisions how many a person made on this request
 * @returns {string[]} each as `from → to`, with times
 */
export function backwardSteps(seen, decisions) {
  const steps = [];
  let decisionsLeft = decisions;
  for (const [index, reading] of seen.entries()) {
    const before = seen[index - 1];
    if (before === undefined) {
      if (!(reading.status in RANK)) steps.push(`start → ${shown(reading)}`);
    } else if (before.status !== reading.status && !mayFollow(before.status, reading.status)) {
      steps.push(`${shown(before)} → ${shown(reading)}`);
    }
  }
  return steps;

  function mayFollow(before, after) {
    if (before === 'outcome_unknown') return RANK[after] >= RANK.submitting && decisionsLeft-- > 0;
    if (before === 'processing' && after === 'outcome_unknown') return false;
    return RANK[before] !== TERMINAL && RANK[after] >= RANK[before];
  }
}

function shown({ status, at, stale }) {
  return `${status} (${new Date(at).toISOString()}${stale ? ', stale' : ''})`;
}
