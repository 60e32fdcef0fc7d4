/** What every caller asks for: about 300 bytes of JSON, never the same twice. */
export function workOf(id: string) {
  return {
    document: id,
    text: 'A document of a few sentences, as a service would send it. '.repeat(4),
    options: { language: 'en', pages: [1, 2, 3] },
  };
}

/** As EXTERNAL_API_MAX_CONNECTIONS is by default, for each who calls. */
export const MAX_CONNECTIONS = 64;

/**
 * Of our provider client alone. What a permit costs is to be seen beside a log that is long, and stays so while the bench
 * runs; and beside one at its full length, which calls enter and leave all the time.
 */
export const CLIENT_BUDGETS = {
  client: { limit: 1_000_000, windowMs: 3_600_000, callsBefore: 700_000 },
  limited: { limit: 1_000, windowMs: 100, callsBefore: 0 },
} as const;
