const LONGEST_DETAIL = 500;

/** The `error` of a provider's reply, fit to be shown; null when it says nothing readable. */
export function errorDetail(reply: unknown, secrets: readonly string[]): string | null {
  return errorOf(reply, secrets).detail;
}

/** What stands where the provider's errors stand. */
export interface ProviderError {
  /** `error` itself, where it is a text: the code of an OAuth error (RFC 6749, section 5.2). */
  code: string | null;
  /** Fit to be shown. */
  detail: string | null;
}

const NOTHING: ProviderError = { code: null, detail: null };

/** `errorOf` of a body as it came, which may be anything. */
export function errorOfBody(body: string, secrets: readonly string[]): ProviderError {
  try {
    return errorOf(JSON.parse(body), secrets);
  } catch {
    return NOTHING;
  }
}

export function errorOf(reply: unknown, secrets: readonly string[]): ProviderError {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return NOTHING;
  const { error } = reply;
  const code = textOf(error);
  // RFC 6749, section 5.2: a code, and perhaps words.
  const words = 'error_description' in reply ? textOf(reply.error_description) : null;
  const text =
    code ?? (typeof error === 'object' && error !== null && 'message' in error ? textOf(error.message) : null);
  if (text === null) return NOTHING;
  return { code, detail: sanitize(words === null ? text : `${text} (${words})`, secrets) || null };
}

/** One line of at most 500 characters, without control and invisible characters, and without our secrets. */
export function sanitize(text: string, secrets: readonly string[]): string {
  let line = oneLine(text);
  // As the line has them, in which blanks are fewer. Before the cut: half a secret is still a secret.
  for (const secret of secrets.map(oneLine)) if (secret.trim() !== '') line = line.replaceAll(secret, '[redacted]');
  return line
    .slice(0, LONGEST_DETAIL)
    .replace(/\p{Cs}$/u, '')
    .trim();
}

function oneLine(text: string): string {
  return text.replace(/[\s\u2028\u2029]+/gu, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '');
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
