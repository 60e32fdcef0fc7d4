import { worstWindow } from '../bench/sliding-window.ts';
import type { LedgerEntry } from 'durable-external-api/testing';
import { checkCallbacks } from './check-callbacks.ts';
import { checkDeliveries } from './check-deliveries.ts';
import { checkEnding, type Hold, settlementsOf, unknownOutcomesTold } from './check-ending.ts';
import type { AcceptedRequest, Evidence, HistoryFacts, Mode } from './evidence.ts';
import { groupBy } from './group-by.ts';
import { answerOf, type Submits } from './ledger-answers.ts';
import { backwardSteps } from './status-order.ts';
import { Judgement, type Verdict } from './verdict.ts';

const LOOKED_UP = {
  one: 'found, and taken over',
  none: 'nothing had arrived, and it was sent again',
  several: 'several were found',
} as const;

/** Both clocks are of one machine, and are read at different moments. */
const CLOCK_SLACK_MS = 1_000;

type Settlements = ReturnType<typeof settlementsOf>;

/**
 * Holds a run's evidence against every rule: what must hold whatever is killed, cut or lied about. Judged by the
 * provider's ledger and the workflows' histories; of the product itself only what it told callers and readers counts.
 *
 * @throws {Error} when there is nothing to judge: an empty ledger, or no accepted request
 */
export function check(evidence: Evidence): Verdict {
  const { ledger, accepted, starts, histories, readings, callbacks, budget } = evidence;
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
    const history = histories.get(requestId);
    const steps = backwardSteps(seen, history === undefined ? 0 : settlementsOf(history).length);
    verdict.hold('forward', steps.length === 0, requestId, steps.join('; '));
    verdict.count('statuses read', seen.length);
  }
  verdict.count('readers’ sequences', readings.length);
  if (accepted.some(({ mode }) => mode === 'lookup')) {
    const settled = [...histories.values()].flatMap(({ lookups }) => lookups);
    verdict.hold('lookedUp', settled.length > 0, '(all)', 'no lookup came to anything: the run proves nothing of them');
    for (const { found } of settled) verdict.count(`lookup: ${LOOKED_UP[found]}`, 1);
  }
  checkCallbacks(verdict, callbacks, submits);
  checkDeliveries(verdict, evidence);
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
  const workId = history?.providerRequestId ?? null;
  if (workId !== null) {
    const isOwn = submits.some(({ providerRequestId }) => providerRequestId === workId);
    hold('ownId', isOwn, `ended with ${workId}; ${sent}`);
  }
  if (history?.end === 'completed') hold('done', executed.length > 0, sent);

  const lost = submits.filter((entry) => answerOf(entry) === 'lost');
  const settlements = history === undefined ? [] : settlementsOf(history);
  if (history !== undefined) {
    const unknown = unknownOutcomesTold(history);
    checkEnding(hold, request, submits, history, sent);
    if (mode !== 'key' && lost.length > 0) {
      hold('lostIsUnknown', unknown >= lost.length, `${unknown} times unknown; ${sent}`);
    }
    const isCutShort = fate === 'short-deadline' || history.cancelRequested;
    const mayBeUnknown = fate === 'submits-fail' || isCutShort;
    if (mode === 'key' && !mayBeUnknown) hold('neverUnknown', unknown === 0, `${unknown} times unknown; ${sent}`);
    if (mode === 'lookup' && unknown > 0) {
      const { decisions, end, errorType } = history;
      const stays = end === null || errorType === 'OutcomeUnknown';
      hold('noPerson', decisions.length === 0 && (!stays || isCutShort), `${unknown} times unknown; ${sent}`);
    }
    if (mode === 'key' && unknown > 0) verdict.count('key: unknown', 1);
    else if (unknown > 0) countUnknown(verdict, mode, submits, settlements);
    if (history.cancellation !== null) verdict.count(`${mode}: cancelled, ${history.cancellation}`, 1);
    verdict.count(`${mode}: ${fate}, ended as ${history.status ?? 'nothing'}`, 1);
  }
  if (mode === 'key') verdict.count('key: sent again', Math.max(0, submits.length - 1));
  else hold('notResent', unjustified(submits, settlements).length === 0, `${sent}; settled: ${list(settlements)}`);
  verdict.count(`${mode}: accepted`, 1);
  verdict.count(`${mode}: replies lost`, lost.length);
}

/** What the ledger says of a request whose outcome the product did not know, before that was settled. */
function countUnknown(verdict: Judgement, mode: Mode, submits: Submits, settlements: Settlements): void {
  const firstSettled = settlements[0]?.at ?? Infinity;
  const before = submits.filter(({ arrivedAt }) => arrivedAt < firstSettled);
  verdict.count(`${mode}: unknown`, 1);
  if (before.length === 0) verdict.count(`${mode}: unknown, false alarm: it never arrived`, 1);
  else if (!before.some(({ executed }) => executed))
    verdict.count(`${mode}: unknown, false alarm: it was not executed`, 1);
  else verdict.count(`${mode}: unknown, and executed`, 1);
}

/** Submits that followed another one without a refusal, a decision to submit again, or a lookup that found nothing. */
function unjustified(submits: Submits, settlements: Settlements): Submits {
  const resubmits = settlements.filter(({ resends }) => resends);
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

function list(settlements: Settlements): string {
  return settlements.map(({ resends }) => (resends ? 'to be sent again' : 'taken over')).join(', ') || 'nothing';
}
