/** What a caller prefers of the answer to a post (RFC 7240). */
export interface Preferences {
  /** Answer 202 rather than wait. */
  respondAsync: boolean;
  /** Seconds; null: nothing is said. */
  wait: number | null;
}

/** The preferences of a `Prefer` header that mean something here. Others, and what cannot be read, are ignored (section 2). */
export function preferencesOf(header: string | undefined): Preferences {
  const preferences: Preferences = { respondAsync: false, wait: null };
  const seen = new Set<string>();
  for (const preference of splitOutsideQuotes(header ?? '', ',')) {
    const [main = ''] = splitOutsideQuotes(preference, ';');
    const [, name = '', value = ''] = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*"?([^"]*?)"?\s*)?$/.exec(main) ?? [];
    const known = name.toLowerCase();
    // The first of a name counts.
    if (seen.has(known)) continue;
    seen.add(known);
    if (known === 'respond-async' && value === '') preferences.respondAsync = true;
    if (known === 'wait' && /^\d{1,9}$/.test(value)) preferences.wait = Number(value);
  }
  return preferences;
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  return text.match(new RegExp(`(?:"(?:[^"\\\\]|\\\\.)*"|[^"${separator}])+`, 'g')) ?? [];
}
