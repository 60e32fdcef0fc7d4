import { worstWindow } from '../bench/sliding-window.ts';
import type { LedgerEntry } from 'durable-external-api/testing';
import { checkEnding, type Hold, unknownOutcomesTold } from './check-ending.ts';
import type { AcceptedRequest, Evidence, HistoryFacts } from './evidence.ts';
import { groupBy } from './group-by.ts';
import { answerOf, type Submits } from './ledger-answers.ts';
import { backwardSteps } from './status-order.ts';
import { Judgement, type Verdict } from './verdict.ts';

/** Both clocks are of one machine, and are read at different moments. */
const CLOCK_SLACK_MS = 1_000;

type Decisions = HistoryFacts['decisions'];

/**
 * Holds a run's evidence against every rule: what must hold whatever is killed, cut or lied about. Judged by the
 * provider's ledger and the workflows' histories; of the product itself only what it told callers and readers counts.
 *
 * @throws {Error} when there is nothing to judge: an empty ledger, or no accepted request
 */
export function check({ ledger, accepted, starts, histories, readings, budget }: Evidence): Verdict {
  const submits = ledger.filter(({ endpoint }) => endpoint === '/process');
  if (accepted.length === 0) throw new Error('There is nothing to judge: no request was accepted.');
  if (submits.length === 0) {
    throw new Error(
      'There is nothing to judge: no POST /process is in the ledger. Was it reset, or of another provider?',
    );
  }

  const verdict = new Judgement();
  const submitsOf = groupBy(submits, ({ idempotencyKey }) => idempotencyKey);
  for (const request of accepted) {
    checkRequest(verdict, request, submitsOf.get(request.requestId) ?? [], histories.get(request.requestId));
  }

  const acceptedIds = new Set<string | null>(accepted.map(({ requestId }) => requestId));
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
    verdict.count('statuses read', seen.length);
  }
  verdict.count('readers’ sequences', readings.length);
  if (budget !== null) {
    const { limit, windowMs } = budget;
    const arrivals = ledger.map(({ arrivedAt }) => arrivedAt);
    const worst = worstWindow(arrivals, windowMs);
    verdict.hold('window', worst <= limit, '(all)', `${worst} calls in ${windowMs} ms, where ${limit} may be`);
    verdict.count(`fullest window, of ${limit}`, worst);
  }
  return verdict;
}

function checkRequest(
  verdict: Judgement,
  request: AcceptedRequest,
  submits: Submits,
  history: HistoryFacts | undefined,
): void {
  const { requestId, mode, fate, sha256 } = request;
  const executed = submits.filter((entry) => entry.executed);
  const sent = describe(submits);
  const hold: Hold = (rule, holds, evidence) => verdict.hold(rule, holds, requestId, evidence);

  hold('ended', history !== undefined && history.end !== null, history ? `open; ${sent}` : `no history; ${sent}`);
  hold('effects', executed.length <= 1, sent);
  const foreign = submits.filter(({ bodySha256 }) => bodySha256 !== null && bodySha256 !== sha256);
  const result = history?.resultSha256 ?? null;
  const own = foreign.length === 0 && (history?.end !== 'completed' || result === sha256);
  hold('ownResult', own, `own ${sha256}, result ${result}; ${sent}`);
  if (history?.end === 'completed') hold('done', executed.length > 0, sent);

  const lost = submits.filter((entry) => answerOf(entry) === 'lost');
  const decisions = history?.decisions ?? [];
  if (history !== undefined) {
    const unknown = unknownOutcomesTold(history);
    checkEnding(hold, request, submits, history, sent);
    if (mode === 'none' && lost.length > 0) {
      hold('lostIsUnknown', unknown >= lost.length, `${unknown} times unknown; ${sent}`);
    }
    const mayBeUnknown = fate === 'submits-fail' || fate === 'short-deadline' || history.cancelRequested;
    if (mode === 'key' && !mayBeUnknown) hold('neverUnknown', unknown === 0, `${unknown} times unknown; ${sent}`);
    if (mode === 'none' && unknown > 0) countUnknown(verdict, submits, decisions);
    if (mode === 'key' && unknown > 0) verdict.count('key: unknown', 1);
    if (history.cancellation !== null) verdict.count(`${mode}: cancelled, ${history.cancellation}`, 1);
    verdict.count(`${mode}: ${fate}, ended as ${history.status ?? 'nothing'}`, 1);
  }
  if (mode === 'key') verdict.count('key: sent again', Math.max(0, submits.length - 1));
  else hold('notResent', unjustified(submits, decisions).length === 0, `${sent}; decisions: ${list(decisions)}`);
  verdict.count(`${mode}: accepted`, 1);
  verdict.count(`${mode}: replies lost`, lost.length);
}

/** What the ledger says of a request whose outcome the product did not know, before anybody decided. */
function countUnknown(verdict: Judgement, submits: Submits, decisions: Decisions): void {
  const firstDecision = decisions[0]?.at ?? Infinity;
  const before = submits.filter(({ arrivedAt }) => arrivedAt < firstDecision);
  verdict.count('none: unknown', 1);
  if (before.length === 0) verdict.count('none: unknown, false alarm: it never arrived', 1);
  else if (!before.some(({ executed }) => executed))
    verdict.count('none: unknown, false alarm: it was not executed', 1);
  else verdict.count('none: unknown, and executed', 1);
}

/** Submits that followed another one without a refusal or a decision to submit again. */
function unjustified(submits: Submits, decisions: Decisions): Submits {
  const resubmits = decisions.filter(({ decision }) => decision === 'resubmit');
  return submits.filter((entry, index) => {
    const before = submits[index - 1];
    if (before === undefined || answerOf(before) === 'refused') return false;
    const justifies = resubmits.findIndex(({ at }) => at <= entry.arrivedAt + CLOCK_SLACK_MS);
    if (justifies === -1) return true;
    resubmits.splice(justifies, 1);
    return false;
  });
}

function describe(submits: Submits): string {
  const one = (entry: Readonly<LedgerEntry>): string =>
    `#${entry.seq} ${entry.executed ? 'executed' : 'not executed'}, ${answerOf(entry)} (${entry.fault ?? entry.statusCode ?? 'no answer'})`;
  return submits.length === 0 ? 'nothing arrived' : `arrived: ${submits.map(one).join('; ')}`;
}

function list(decisions: Decisions): string {
  return decisions.map(({ decision }) => decision).join(', ') || 'none';
}
