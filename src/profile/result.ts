import { everyInexact } from '../contract/exact-json.ts';
import type { JsonValue, ProcessResult } from '../contract/request.ts';
import { at, isIndex, memberOf, stepsOf, type ParsedReply } from './place.ts';
import type { ReadingPlaces } from './schema.ts';

/** More are not told. */
const MOST_PATHS = 20;
/** Of a reply that is full of them no more are looked at. */
const MOST_INEXACT = 1_000;
/** Only such a text can hold a number that a double does not keep: no text in quotes begins so, such as a hash. */
const LONG_NUMBER = /(?:^|[:,[\s])-?(?:[\d.]{16}|[\d.]+[eE])/;

/** The result that stands in a reply; null: there is none. */
export function inlineResult(place: NonNullable<ReadingPlaces['result']>, reply: ParsedReply): ProcessResult | null {
  const value = at(place.at, reply);
  if (value === undefined) return null;
  const meta = (where: string | undefined): unknown => (where === undefined ? undefined : at(where, reply));
  const [processingTime, version] =
    'processingTime' in place || 'version' in place ? [meta(place.processingTime), meta(place.version)] : [];
  return resultOf(value, reply, place.at, {
    processingTime: typeof processingTime === 'number' ? processingTime : null,
    version: typeof version === 'string' ? version : null,
  });
}

/** @param pointer where in the reply the value stands */
export function resultOf(
  value: unknown,
  reply: ParsedReply,
  pointer: string,
  metadata: ProcessResult['metadata'] = { processingTime: null, version: null },
): ProcessResult {
  const inexact = inexactAt(pointer, reply);
  // It came out of JSON.parse, or is a text.
  const result = { processedData: value as JsonValue, metadata };
  return inexact.length === 0 ? result : { ...result, inexact };
}

/** Where below a pointer stand numbers that JavaScript did not keep as they were. */
function inexactAt(pointer: string, { body, json }: ParsedReply): string[] {
  if (json === undefined || !(pointer === '' || pointer.startsWith('/')) || !LONG_NUMBER.test(body)) return [];
  const prefix = pathOf(pointer, json);
  const inexact: string[] = [];
  let seen = 0;
  for (const { what, path } of everyInexact(body)) {
    if (++seen > MOST_INEXACT) break;
    if (what !== 'number' || !path.startsWith(prefix)) continue;
    const below = path.slice(prefix.length);
    if (prefix !== '' && !/^(?:$|[.[])/.test(below)) continue;
    inexact.push(below.replace(/^\./, ''));
    if (inexact.length === MOST_PATHS) break;
  }
  return inexact;
}

/** A pointer in the notation of `everyInexact`. */
function pathOf(pointer: string, json: unknown): string {
  const steps = stepsOf(pointer).map((step, n, all) => {
    const within = all.slice(0, n).reduce(memberOf, json);
    if (Array.isArray(within) && isIndex(step)) return `[${step}]`;
    return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return steps.join('').replace(/^\./, '');
}
