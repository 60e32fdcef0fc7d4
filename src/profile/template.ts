import { CannotBuildError } from './cannot-build-error.ts';
import { textOf } from './place.ts';

/** Simple and form-style query expansion (RFC 6570, sections 3.2.2, 3.2.8 and 3.2.9), each value percent-encoded. */
const EXPRESSION = /\{([?&]?)(\w+(?:,\w+)*)\}/g;
/** A whole URL of the provider, which alone may stand unescaped. */
const WHOLE = /^\{\+(\w+)\}$/;
/** What may stand in a path or query (RFC 3986, sections 3.3 and 3.4). */
const LITERAL = /^(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
/** As URL parsers read it (WHATWG URL, "double-dot path segment"). */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;

/** The variable that is a whole URL; null: the template is a path. */
export function wholeUrlOf(template: string): string | null {
  return WHOLE.exec(template)?.[1] ?? null;
}

/** The variables of a path. */
export function namesIn(template: string): string[] {
  return Array.from(template.matchAll(EXPRESSION), ([, , names = '']) => names.split(',')).flat();
}

/** Why a path is no template for us, as the end of a sentence; null: it is one. */
export function problemOfPath(template: string): string | null {
  const expressions = Array.from(template.matchAll(EXPRESSION));
  if (expressions.some(([, operator, names = '']) => operator === '' && names.includes(','))) {
    return 'has two variables in one {…}: write {x}/{y}, or {?x,y} for a query';
  }
  const literal = template.replaceAll(EXPRESSION, '');
  if (/[{}]/.test(literal)) return 'has a {…} that is not known: there are {x}, {?x,y} and {&x}';
  if (!LITERAL.test(literal)) return 'has a character that no path or query has: percent-encode it';
  const [path = ''] = template.split(/\?|\{[?&]/);
  return hasDotSegment(path) ? 'has a dot segment' : null;
}

/**
 * A path with its query, in which no value can leave its place.
 *
 * @throws CannotBuildError for a value that {x} needs and that is missing, that is no text, or that would be a dot segment
 */
export function expand(template: string, valueOf: (name: string) => unknown): string {
  // Without a variable it was looked at when the profile was read.
  if (!template.includes('{')) return template;
  let hasQuery = false;
  const expanded = template.replaceAll(EXPRESSION, (_, operator: string, names: string, offset: number) => {
    hasQuery ||= template.slice(0, offset).replaceAll(EXPRESSION, '').includes('?');
    const given = names.split(',').map((name) => ({ name, value: valueOf(name) ?? null }));
    if (operator === '') return given.map(({ name, value }) => encoded(name, value, hasQuery)).join('');
    const pairs = given.filter(({ value }) => value !== null);
    const query = pairs.map(({ name, value }) => `${name}=${encoded(name, value, true)}`).join('&');
    if (query === '') return '';
    const separator = hasQuery ? '&' : '?';
    hasQuery = true;
    return separator + query;
  });
  const [path = ''] = expanded.split('?');
  if (hasDotSegment(path)) throw new CannotBuildError('a part of the path would be a dot segment');
  return expanded;
}

function hasDotSegment(path: string): boolean {
  return path.split('/').some((segment) => DOT_SEGMENT.test(segment));
}

function encoded(name: string, value: unknown, mayBeEmpty: boolean): string {
  if (value === null || (value === '' && !mayBeEmpty))
    throw new CannotBuildError(`${name} is missing, and the URL needs it`);
  const text = textOf(value);
  if (text === null) throw new CannotBuildError(`${name} must be a text, a number or a boolean to stand in the URL`);
  if (/\p{Cs}/u.test(text)) throw new CannotBuildError(`${name} has half a character, which no URL can hold`);
  // RFC 3986, section 2.3: all but the unreserved is encoded, also what encodeURIComponent leaves.
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
