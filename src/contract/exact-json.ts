/** Something that `JSON.parse` takes and changes without a word. */
export interface Inexact {
  what: 'number' | 'member';
  /** Where it stands, such as `data.items[3].id`; empty: the whole text. */
  path: string;
  /** The end of a sentence that begins with the path. */
  problem: string;
}

/** The tokens of a JSON text, blanks between them left out (RFC 8259, section 2); of a string its first mark. */
const TOKEN = /"|-?\d[\d.eE+-]*|[{}[\],:]|true|false|null/gy;
const BLANKS = /[ \t\n\r]*/gy;

/** An object or array that is open, and where in it we are. */
type Open = { names: Set<string>; name: string | null } | { index: number };

/** How much a JSON text may hold. */
export interface JsonBounds {
  /** Arrays and objects that are open at once. */
  depth: number;
  /** Members of all its objects together. */
  members: number;
  /** Of all kinds, an empty array or object counted twice. */
  values: number;
}

/**
 * What a JSON text, which need not be a good one, has too much of. Before it is parsed: what parses deep texts or large
 * ones, and whoever walks through them after that, may take seconds, or all of the stack.
 */
export function excessIn(text: string, bounds: JsonBounds): keyof JsonBounds | null {
  let [depth, members, values] = [0, 0, 0];
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (mark === '"') at = endOfString(text, at) - 1;
    else if (mark === ']' || mark === '}') depth--;
    else if (mark === ':' && ++members > bounds.members) return 'members';
    else if (mark === '[' || mark === '{') {
      if (++depth > bounds.depth) return 'depth';
      if (++values > bounds.values) return 'values';
    } else if (mark === ',' && ++values > bounds.values) return 'values';
  }
  return null;
}

/** The first of {@link everyInexact}; null when the text is taken as it is. */
export function inexactIn(text: string): Inexact | null {
  return everyInexact(text).next().value ?? null;
}

/**
 * Every number that a double does not keep, and every member that was there before, of which only the last would be taken.
 *
 * @param text JSON that `JSON.parse` has taken
 */
export function* everyInexact(text: string): Generator<Inexact, undefined> {
  const open: Open[] = [];
  let isName = false;
  for (let at = 0; ;) {
    BLANKS.lastIndex = at;
    BLANKS.exec(text);
    TOKEN.lastIndex = BLANKS.lastIndex;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return;
    const from = TOKEN.lastIndex - token.length;
    at = token === '"' ? endOfString(text, from) : TOKEN.lastIndex;
    const within = open.at(-1);
    switch (token) {
      case '{':
        open.push({ names: new Set(), name: null });
        isName = true;
        break;
      case '[':
        open.push({ index: 0 });
        isName = false;
        break;
      case '}':
      case ']':
        open.pop();
        isName = false;
        break;
      case ',':
        if (within !== undefined && 'index' in within) within.index++;
        else isName = true;
        break;
      case ':':
        isName = false;
        break;
      default:
        if (isName && within !== undefined && 'names' in within) {
          const name = JSON.parse(text.slice(from, at)) as string;
          const isTwice = within.names.has(name);
          within.names.add(name);
          within.name = name;
          if (isTwice) yield { what: 'member', path: pathOf(open), problem: 'is there twice: send each member once' };
        } else if (token !== '"') {
          const problem = inexactNumber(token);
          if (problem !== null) yield { what: 'number', path: pathOf(open), problem };
        }
    }
  }
}

/** By no pattern: one that tells escapes apart takes more of V8's stack than there is for a string of some MiB. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '"') return at + 1;
    if (text[at] === '\\') at++;
  }
  return text.length;
}

/** A text may be as deep as it is long, and full of such places: only so much of a path is told. */
const MOST_STEPS = 50;
const LONGEST_NAME = 200;

function pathOf(open: readonly Open[]): string {
  const steps = open.slice(0, MOST_STEPS).map((within) => {
    if ('index' in within) return `[${within.index}]`;
    const name = (within.name ?? '').slice(0, LONGEST_NAME);
    return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  });
  return steps.join('').replace(/^\./, '') + (open.length > MOST_STEPS ? '…' : '');
}

/** JSON as most software reads it keeps 15 digits of any number, and integers up to this one (RFC 8259, section 6). */
const SAFE_DIGITS = 15;
/** Nearer to 0 a double has fewer digits. */
const LEAST_NORMAL = 2 ** -1022;
const MOST_DIGITS = 100;

/** Why a double may be another number than this text, as the end of a sentence; null when it is the same. */
export function inexactNumber(text: string): string | null {
  const value = Number(text);
  const { digits, exponent } = decimal(text);
  const advice = 'send it as a string';
  if (digits === '' || Number.isNaN(value)) return null;
  if (!Number.isFinite(value)) return `is ${shown(text)}, which is too large for a number: ${advice}`;
  if (value === 0) return `is ${shown(text)}, which would become 0: ${advice}`;
  const isInteger = /^-?\d+$/.test(text);
  const isShort = digits.length <= SAFE_DIGITS && Math.abs(value) >= LEAST_NORMAL;
  if (isShort || (isInteger && Number.isSafeInteger(value))) return null;
  if (isInteger) return `is ${shown(text)}, and integers are exact up to ${Number.MAX_SAFE_INTEGER} only: ${advice}`;
  // As software writes a double, which need not be its nearest number of so many digits, or as that number.
  const kept = [String(value), ...(digits.length <= MOST_DIGITS ? [value.toPrecision(digits.length)] : [])].map(
    decimal,
  );
  if (kept.some((same) => same.digits === digits && same.exponent === exponent)) return null;
  return `is ${shown(text)}, which would become ${value}: ${advice}`;
}

/** A decimal number as 0.d₁d₂d₃… · 10^exponent, its sign left out, without zeros at either end of the digits. */
function decimal(text: string): { digits: string; exponent: number } {
  const [mantissa = '', power = '0'] = text.toLowerCase().replace(/^-/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '');
  // By no pattern: `0+$` looks at each zero for all that follow it.
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return { digits: digits.slice(0, end), exponent: Number(power) + whole.length - (all.length - digits.length) };
}

function shown(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
