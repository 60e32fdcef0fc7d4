import { at, STATUS_CODE, textOf, type ParsedReply } from './place.ts';
import { ANYTHING, NEVER_CLAIMED, PHASES, wordsIn, type Phase, type Rule } from './schema.ts';

/** How a reply is by the rules of a profile. */
export interface PhaseFound {
  /** Null: no rule's word was there. */
  phase: Phase | null;
  /** The provider's own word, as it came; null: it said none. */
  word: string | null;
  /** Whether the phase has no word but that something stands there at all. */
  isByAnything: boolean;
}

/**
 * The first rule that has the word of its place decides.
 *
 * @param isUsable whether the result is there: what is complete only because something stands in a place is complete with it
 */
export function phaseOf(rules: readonly Rule[], reply: ParsedReply, isUsable: boolean): PhaseFound {
  const { status } = reply;
  if (status >= 500 || NEVER_CLAIMED.includes(status)) return { phase: null, word: null, isByAnything: false };
  const isRefusal = status >= 300;
  let word: string | null = null;
  let aside: string | null = null;
  for (const rule of rules) {
    const value = at(rule.at, reply);
    if (value === undefined || value === null) continue;
    const text = textOf(value);
    const found = value === '' ? null : wordOf(rule, value, text);
    if (found !== null && mayClaim(rule, found, isRefusal, isUsable))
      return { phase: found.phase, word: shown(found, rule, text, word), isByAnything: found.by === 'anything' };
    if (rule.at === STATUS_CODE || isRefusal) continue;
    if (tellsProgress(rule) && hasWords(rule)) word ??= text ?? '';
    // `success: true` only says that it did not fail.
    else if (typeof value !== 'boolean') aside ??= (hasWords(rule) ? text : null) ?? '';
  }
  return { phase: null, word: word ?? aside, isByAnything: false };
}

interface Found {
  phase: Phase;
  by: 'word' | 'anything';
}

function wordOf(rule: Rule, value: unknown, text: string | null): Found | null {
  const word = text?.trim().toLowerCase();
  const named = word === undefined ? undefined : PHASES.find((phase) => rule[phase]?.includes(word));
  if (named !== undefined) return { phase: named, by: 'word' };
  const phase = PHASES.find((one) => rule[one]?.includes(ANYTHING));
  if (phase === undefined || (isBad(phase) && saysNone(value))) return null;
  return { phase, by: 'anything' };
}

/** In an answer that is no 2xx a status decides, and a word that refuses; all else stands there by chance. */
function mayClaim(rule: Rule, { phase, by }: Found, isRefusal: boolean, isUsable: boolean): boolean {
  if (isRefusal) return rule.at === STATUS_CODE || phase === 'refused';
  return !(phase === 'completed' && by === 'anything') || isUsable;
}

/** No error, in the ways in which that is written. */
function saysNone(value: unknown): boolean {
  return value === false || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

function isBad(phase: Phase): boolean {
  return phase !== 'waiting' && phase !== 'completed';
}

function hasWords(rule: Rule): boolean {
  return wordsIn(rule).some((one) => one !== ANYTHING);
}

function tellsProgress({ waiting, completed }: Rule): boolean {
  return waiting !== undefined || completed !== undefined;
}

/** What is there at all is a word only where it is an error's. */
function shown({ phase, by }: Found, rule: Rule, text: string | null, seen: string | null): string | null {
  if (rule.at === STATUS_CODE) return `HTTP ${text}`;
  return by === 'word' || isBad(phase) ? text : seen;
}
