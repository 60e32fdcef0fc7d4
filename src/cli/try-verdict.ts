import type { FailureName } from '../contract/failures.ts';
import { byLocation } from '../profile/consistency.ts';
import { variablesOf } from '../profile/credentials.ts';
import type { Profile } from '../profile/schema.ts';
import { carriesReference, type Step } from '../profile/sources.ts';
import type { EXIT } from './exit.ts';
import type { ShownExchange } from './try-exchange.ts';
import type { TryEnd } from './try-work.ts';

/** What a try says of a profile. */
export interface Verdict {
  /** Null: the try does not tell. */
  fits: boolean | null;
  sentence: string;
  /** What to look at: a member of the profile, or a variable; null: nothing. */
  lookAt: string | null;
  exit: keyof typeof EXIT;
}

/** What a try came to, without secrets. */
export interface TryFacts {
  profile: Profile;
  end: TryEnd;
  exchanges: readonly ShownExchange[];
  /** The provider's handle of the work; null: not known. */
  handle: string | null;
  requestId: string;
  submits: boolean;
}

export function verdictOf(facts: TryFacts): Verdict {
  const { end } = facts;
  switch (end.end) {
    case 'completed':
      return fits(facts, 'its result was read', 'ok');
    case 'cancelled':
      return fits(facts, 'the cancel ended it', 'ok');
    case 'late':
    case 'interrupted':
      return ofUnfinished(facts, end.end, end.during);
    case 'unknown':
      return ofUnknown(facts, end);
    case 'failed':
      return ofFailed(facts, end.during, end.failure, end.message);
  }
}

/** The profile reads what the provider says. */
function fits(facts: TryFacts, ending: string, exit: Verdict['exit']): Verdict {
  const { profile, exchanges, handle, submits } = facts;
  const taken =
    handle === null ? 'answered at once' : submits ? `took the work as ${handle}` : `has the work ${handle}`;
  const words = wordsOf(exchanges, false);
  const said = words.length === 0 ? '' : `, said ${words.join(', ')}`;
  const untried = (['submit', 'poll', 'cancel', 'lookup'] as const).filter(
    (step) => profile[step] !== undefined && !exchanges.some((one) => one.step === step),
  );
  const rest = untried.length === 0 ? '' : ` Not tried: ${untried.join(', ')}.`;
  const story = `the provider ${taken}${said}, and ${ending}.${rest}`;
  const flaw = flawIn(facts);
  if (flaw !== null) {
    const sentence = `The profile fits, but for \`${flaw.lookAt}\`: ${flaw.why}. For the rest, ${story}`;
    return { fits: true, sentence, lookAt: flaw.lookAt, exit };
  }
  return { fits: true, sentence: `The profile fits: ${story}`, lookAt: null, exit };
}

/** What did not fit on the way to a good end. */
function flawIn({ profile, exchanges }: TryFacts): { lookAt: string; why: string } | null {
  const unknown = wordsOf(exchanges, true);
  if (unknown.length > 0)
    return { lookAt: memberOf(profile, 'poll', 'phase'), why: `it does not have the word ${quoted(unknown)}` };
  const noCancel = exchanges.some(({ reading }) => reading?.found['outcome'] === 'not_supported');
  if (noCancel) return { lookAt: 'cancel.call', why: 'the provider has no such call' };
  // After a cancel only polls tell what it did.
  const misread = exchanges.find(({ step, reading }) => step !== 'cancel' && reading?.phase === 'unreadable');
  return misread === undefined ? null : misreadOf(profile, misread);
}

function ofUnfinished({ profile, exchanges, handle }: TryFacts, how: 'late' | 'interrupted', during: Step): Verdict {
  const because = how === 'late' ? 'The --timeout was over' : 'Ctrl-C ended the try';
  const exit = how === 'late' ? 'running' : 'interrupted';
  const last = exchanges.findLast(({ reading }) => reading !== null);
  const nothing = handle === null && during === 'submit';
  if (nothing) {
    const failure = exchanges.at(-1)?.failure ?? null;
    const why = failure === null || failure.name === null ? '' : `: ${failure.message}`;
    const sentence = `Nothing is known of the profile. ${because} before the provider took anything${why}.`;
    return { fits: null, sentence, lookAt: null, exit: how === 'late' ? 'unavailable' : exit };
  }
  if (last?.reading?.phase === 'unknown') {
    const lookAt = memberOf(profile, 'poll', 'phase');
    const word = quoted([String(last.reading.found['word'])]);
    const sentence = `The profile does not fit: \`${lookAt}\` has no word ${word}, which the provider said last. A request would wait. Add it. ${because}.`;
    return { fits: false, sentence, lookAt, exit: how === 'late' ? 'config' : exit };
  }
  const said = wordsOf(exchanges, false).at(-1);
  const sentence = `The profile fits so far: the provider works on it${said === undefined ? '' : `, and said ${said} last`}. ${because}.`;
  return { fits: null, sentence, lookAt: null, exit };
}

function ofUnknown(
  { profile, exchanges, requestId }: TryFacts,
  { message, found }: Extract<TryEnd, { end: 'unknown' }>,
): Verdict {
  const reference = carriesReference(profile, 'submit') ? ` for ${requestId}` : '';
  const advice =
    found === 'several'
      ? `Several works there have our reference ${requestId}: look there which is this one, and go on with its --id.`
      : found === 'none'
        ? 'By `lookup` it has no work of ours: nothing was taken.'
        : `Look there${reference} before you try again: it may have the work. If it has, go on with its --id.`;
  const misread = exchanges.findLast(({ reading }) => reading?.phase === 'unreadable');
  if (misread === undefined) {
    const sentence = `Not known what the provider did: ${message}. ${advice}`;
    return { fits: null, sentence, lookAt: null, exit: 'failed' };
  }
  return unfit(profile, misread, ` ${advice}`);
}

/** A reply that is not understood: why, and because of what. */
function misreadOf(profile: Profile, { step, reading }: ShownExchange): { lookAt: string; why: string } {
  const told = reading?.found['why'];
  const why = typeof told === 'string' ? told : '';
  return { lookAt: memberBehind(profile, step as Step, why), why: `the reply to ${step} is not understood: ${why}` };
}

function unfit(profile: Profile, misread: ShownExchange, rest = ''): Verdict {
  const { lookAt, why } = misreadOf(profile, misread);
  const sentence = `The profile does not fit: ${why}. Look at \`${lookAt}\`.${rest}`;
  return { fits: false, sentence, lookAt, exit: 'config' };
}

/** Which member does not read, by what the reading says; tests hold each of its sentences. */
function memberBehind(profile: Profile, step: Step, why: string): string {
  const isPlace = byLocation(profile.poll);
  if (why.endsWith('no JSON')) return step === 'result' ? 'result.as' : `${step}.call`;
  if (step === 'lookup') return /no list stands/.test(why) ? 'lookup.items' : 'lookup.id';
  if (/URL of the result/.test(why)) return 'result.origins';
  if (/URL at|handle of the work/.test(why)) return memberOf(profile, step, isPlace ? 'location' : 'id');
  return memberOf(profile, step, /another id/.test(why) ? 'id' : 'phase');
}

function memberOf(profile: Profile, step: Step, member: 'id' | 'location' | 'phase' | 'result'): string {
  const own = step === 'lookup' || step === 'result' ? undefined : profile[step]?.read?.[member];
  return own === undefined ? `reply.${member}` : `${step}.read.${member}`;
}

type About = 'credentials' | 'call' | 'input' | 'reply' | 'result' | 'link' | 'work' | 'size' | 'reach' | 'later';

/** What a failure is about. Those that are not here say nothing of the profile. */
const ABOUT: Partial<Record<FailureName, About>> = {
  unauthorized: 'credentials',
  tokenTooNew: 'credentials',
  forbidden: 'credentials',
  invalidClient: 'credentials',
  tokenRefused: 'credentials',
  certificateWanted: 'credentials',
  misdirected: 'call',
  declined: 'call',
  redirected: 'call',
  rejected: 'input',
  unreadableReply: 'reply',
  noResult: 'result',
  linkExpired: 'link',
  reportedFailure: 'work',
  resultTooLarge: 'size',
  unreachable: 'reach',
  badCertificate: 'reach',
  noSocket: 'later',
  overBudget: 'later',
  coolingDown: 'later',
  outage: 'later',
  rateLimited: 'later',
  unavailableUntil: 'later',
  askedToWait: 'later',
};

function ofFailed(facts: TryFacts, during: Step, failure: FailureName | null, message: string): Verdict {
  const { profile, exchanges } = facts;
  const last = exchanges.findLast((one) => one.failure !== null);
  const step = last?.step ?? during;
  const verdict = (fit: boolean | null, said: string, lookAt: string | null, exit: Verdict['exit']): Verdict => ({
    fits: fit,
    sentence: `${said}: ${message}.${lookAt === null ? '' : ` Look at ${/^[A-Z]/.test(lookAt) ? lookAt : `\`${lookAt}\``}.`}`,
    lookAt,
    exit,
  });
  switch (failure === null ? undefined : ABOUT[failure]) {
    case 'credentials': {
      const names = variablesOf(profile).calls.join(', ');
      const said = `The provider does not let us in (${step}). Either ${names || 'a credential'} has another value, or it is sent in another way`;
      return verdict(false, said, step === 'token' ? 'oauth2' : 'headers', 'config');
    }
    case 'call':
      return verdict(
        false,
        `The profile does not fit: the provider does not take this call (${step})`,
        `${step}.call`,
        'config',
      );
    case 'input':
      return (last?.reply ?? null) === null
        ? verdict(null, 'The data, or the --id, does not fit the profile', `${during}.call`, 'usage')
        : verdict(null, 'The provider does not take this input', 'submit.body', 'failed');
    case 'reply':
      return last?.reading?.phase === 'unreadable'
        ? unfit(profile, last)
        : verdict(null, 'The reply is not understood', 'EXTERNAL_API_BASE_URL', 'failed');
    case 'result':
      return verdict(
        false,
        'The profile does not fit',
        profile.result === undefined ? memberOf(profile, 'poll', 'result') : 'result.vars',
        'config',
      );
    case 'link':
      return verdict(false, 'The profile does not fit', 'result.vars', 'config');
    case 'work': {
      const stopped = exchanges.some(({ reading }) => reading?.found['outcome'] === 'asked');
      return stopped
        ? fits(facts, 'the cancel ended it', 'ok')
        : fits(facts, `the work failed, which reads as it is: ${message}`, 'failed');
    }
    case 'size':
      return fits(facts, `the result is too large for a request: ${message}`, 'failed');
    case 'reach':
      return verdict(null, 'The provider is not there', 'EXTERNAL_API_BASE_URL', 'unavailable');
    case 'later':
      return verdict(null, 'The provider wants no calls now', null, 'unavailable');
    default:
      return verdict(null, `The try ended without an answer to ${during}`, null, 'failed');
  }
}

/** Each once, in the order in which they were said. */
function wordsOf(exchanges: readonly ShownExchange[], unknown: boolean): string[] {
  const words = exchanges
    .filter(({ step, reading }) => (step === 'submit' || step === 'poll') && (reading?.phase === 'unknown') === unknown)
    .flatMap(({ reading }) => (typeof reading?.found['word'] === 'string' ? [reading.found['word']] : []));
  return [...new Set(words)];
}

function quoted(words: readonly string[]): string {
  return words.map((word) => JSON.stringify(word)).join(', ');
}
