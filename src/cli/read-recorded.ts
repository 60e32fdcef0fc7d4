import { resultToWire } from '../contract/wire-format.ts';
import { cancelOutcome, type CancelOutcome } from '../profile/cancel-outcome.ts';
import type { Reply } from '../profile/place.ts';
import { readLookup } from '../profile/read-lookup.ts';
import { readReply, type ReadFacts } from '../profile/read-reply.ts';
import { readResult } from '../profile/read-result.ts';
import type { Profile } from '../profile/schema.ts';
import type { Step } from '../profile/sources.ts';

/** How a recorded reply reads: the phase, what that means, and what was found. */
export interface ShownReading {
  phase: string;
  means: string;
  /** Without what there is not. */
  found: Readonly<Record<string, unknown>>;
}

const MEANINGS: Readonly<Record<string, string>> = {
  waiting: 'the provider works on it',
  completed: 'the work is done',
  failed: 'the work has failed',
  cancelled: 'the work was cancelled',
  unknown: 'a word that the profile does not have: the request keeps waiting, and tells it',
  refused: 'the provider did nothing and wants no calls now, as with a 429',
  unreadable: 'the reply is not understood',
  unclaimed: 'no 2xx, and no rule of the profile for it: the status decides',
  found: 'the provider has our reference',
  none: 'the provider does not list our reference',
};

const CANCEL_MEANINGS: Readonly<Record<CancelOutcome, string>> = {
  cancelled: 'nothing runs any more',
  finished: 'the work had ended',
  asked: 'the provider is told, and polls say what it did',
  not_supported: 'the provider has no such call',
};

export function readRecorded(profile: Profile, step: Step, reply: Reply, facts: ReadFacts): ShownReading {
  const { phase, ...found } = readingOf(profile, step, reply, facts);
  const outcome = found['outcome'] as CancelOutcome | undefined;
  const means = outcome === undefined ? MEANINGS[phase] : CANCEL_MEANINGS[outcome];
  return {
    phase,
    means: means ?? phase,
    found: Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null)),
  };
}

function readingOf(
  profile: Profile,
  step: Step,
  reply: Reply,
  facts: ReadFacts,
): { phase: string } & Record<string, unknown> {
  switch (step) {
    case 'lookup': {
      const reading = readLookup(profile, reply, facts);
      return reading.phase === 'none' ? { phase: 'none', is_empty: reading.isEmpty } : { ...reading };
    }
    case 'result': {
      const reading = readResult(profile, reply, facts);
      return reading.phase === 'completed'
        ? { phase: 'completed', result: resultToWire(reading.result) }
        : { ...reading };
    }
    default: {
      const { createdAt, completedAt, result, ...rest } = readReply(profile, step, reply, facts);
      const times = { created_at: createdAt, completed_at: completedAt };
      const outcome =
        step === 'cancel' ? { outcome: cancelOutcome({ ...rest, createdAt, completedAt, result }, reply.status) } : {};
      return { ...rest, result: result && resultToWire(result), ...times, ...outcome };
    }
  }
}
