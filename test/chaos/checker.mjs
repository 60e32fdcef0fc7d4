import { groupBy } from './group-by.mjs';
import { answerOf, LOST, REFUSED } from './ledger-answers.mjs';
import { backwardSteps } from './status-order.mjs';

/**
 * What must hold whatever is killed, cut or lied about. Judged by the provider's ledger and the workflows' histories; of
 * the product itself only what it told callers and readers counts.
 */
export const RULES = {
  ended: 'every accepted request has ended',
  oneRequest: 'one idempotency key is one request, however often it is sent',
  effects: 'the provider executed each request at most once',
  done: 'a completed request was executed',
  ownResult: 'what was sent and what came back are its own, never another’s',
  forward: 'no reader saw a status go backwards',
  lostIsUnknown: 'mode none: whose reply was lost became outcome_unknown',
  notResent: 'mode none: nothing was sent again but after a refusal or a person’s decision',
  neverUnknown: 'mode key: no outcome stayed unknown',
  known: 'the provider got no work but that of accepted requests',
};

/** Both clocks are of one machine, and are read at different moments. */
const CLOCK_SLACK_MS = 1_000;

/** Holds a run's evidence against every rule. Types: checker.d.mts. */
export function check({ ledger, accepted, starts, histories, readings }) {
  const submits = ledger.filter(({ endpoint }) => endpoint === '/process');
  if (accepted.length === 0) throw new Error('There is nothing to judge: no request was accepted.');
  if (submits.length === 0) {
    throw new Error(
      'There is nothing to judge: no POST /process is in the ledger. Was it reset, or of another provider?',
    );
  }

  const verdict = createVerdict();
  const submitsOf = groupBy(submits, ({ idempotencyKey }) => idempotencyKey);
  for (const request of accepted) {
    checkRequest(verdict, request, submitsOf.get(request.requestId) ?? [], histories.get(request.requestId));
  }

  const acceptedIds = new Set(accepted.map(({ requestId }) => requestId));
  for (const { idempotencyKey, seq } of submits) {
    verdict.hold('known', acceptedIds.has(idempotencyKey), idempotencyKey ?? '(no key)', `entry ${seq} of the ledger`);
  }
  for (const [key, answers] of groupBy(starts, (start) => start.key)) {
    const ids = new Set(answers.map(({ requestId }) => requestId));
    verdict.hold('oneRequest', ids.size === 1, [...ids].join(' and '), `key ${key}, ${answers.length} answers`);
  }
  for (const { requestId, seen } of readings) {
    const steps = backwardSteps(seen, histories.get(requestId)?.decisions.length ?? 0);
    verdict.hold('forward', steps.length === 0, requestId, steps.join('; '));
  }
  verdict.count('readers’ sequences', readings.length);
  verdict.count(
    'statuses read',
    readings.reduce((sum, { seen }) => sum + seen.length, 0),
  );
  return verdict.result();
}

function checkRequest(verdict, { requestId, mode, sha256 }, submits, history) {
  const executed = submits.filter((entry) => entry.executed);
  const sent = describe(submits);
  const hold = (rule, holds, evidence) => verdict.hold(rule, holds, requestId, evidence);

  hold('ended', history !== undefined && history.end !== null, history ? `open; ${sent}` : `no history; ${sent}`);
  hold('effects', executed.length <= 1, sent);
  const foreign = submits.filter(({ bodySha256 }) => bodySha256 !== null && bodySha256 !== sha256);
  const result = history?.resultSha256 ?? null;
  const own = foreign.length === 0 && (history?.end !== 'completed' || result === sha256);
  hold('ownResult', own, `own ${sha256}, result ${result}; ${sent}`);
  if (history?.end === 'completed') hold('done', executed.length > 0, sent);

  const unknown = history?.unknownOutcomes ?? 0;
  const lost = submits.filter((entry) => answerOf(entry) === LOST);
  if (mode === 'key') {
    hold('neverUnknown', unknown === 0, `${unknown} times unknown; ${sent}`);
    verdict.count('key: sent again', Math.max(0, submits.length - 1));
  } else {
    const decisions = history?.decisions ?? [];
    if (lost.length > 0) hold('lostIsUnknown', unknown >= lost.length, `${unknown} times unknown; ${sent}`);
    hold('notResent', unjustified(submits, decisions).length === 0, `${sent}; decisions: ${list(decisions)}`);
    if (unknown > 0) countUnknown(verdict, submits, decisions);
  }
  verdict.count(`${mode}: accepted`, 1);
  verdict.count(`${mode}: replies lost`, lost.length);
  verdict.count(`${mode}: ended as ${history?.end ?? 'nothing'}`, 1);
}

/** What the ledger says of a request whose outcome the product did not know, before anybody decided. */
function countUnknown(verdict, submits, decisions) {
  const firstDecision = decisions[0]?.at ?? Infinity;
  const before = submits.filter(({ arrivedAt }) => arrivedAt < firstDecision);
  verdict.count('none: unknown', 1);
  if (before.length === 0) verdict.count('none: unknown, false alarm: it never arrived', 1);
  else if (!before.some(({ executed }) => executed))
    verdict.count('none: unknown, false alarm: it was not executed', 1);
  else verdict.count('none: unknown, and executed', 1);
}

/** Submits that followed another one without a refusal or a decision to submit again. */
function unjustified(submits, decisions) {
  const resubmits = decisions.filter(({ decision }) => decision === 'resubmit');
  return submits.filter((entry, index) => {
    if (index === 0 || answerOf(submits[index - 1]) === REFUSED) return false;
    const justifies = resubmits.findIndex(({ at }) => at <= entry.arrivedAt + CLOCK_SLACK_MS);
    if (justifies === -1) return true;
    resubmits.splice(justifies, 1);
    return false;
  });
}

function createVerdict() {
  const rules = new Map(Object.keys(RULES).map((name) => [name, { rule: RULES[name], checked: 0, broken: 0 }]));
  const violations = [];
  const counts = {};
  return {
    hold(name, holds, requestId, evidence) {
      const row = rules.get(name);
      row.checked += 1;
      if (holds) return;
      row.broken += 1;
      violations.push({ rule: row.rule, requestId, evidence });
    },
    count(name, n) {
      counts[name] = (counts[name] ?? 0) + n;
    },
    result: () => ({ rules: [...rules.values()], violations, counts }),
  };
}

function describe(submits) {
  const one = (entry) =>
    `#${entry.seq} ${entry.executed ? 'executed' : 'not executed'}, ${answerOf(entry)} (${entry.fault ?? entry.statusCode ?? 'no answer'})`;
  return submits.length === 0 ? 'nothing arrived' : `arrived: ${submits.map(one).join('; ')}`;
}

function list(decisions) {
  return decisions.map(({ decision }) => decision).join(', ') || 'none';
}
