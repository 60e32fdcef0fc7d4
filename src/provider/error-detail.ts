const LONGEST_DETAIL = 500;

/** What stands where errors stand. */
export interface ProviderError {
  /** Of a token endpoint: the code of an OAuth error (RFC 6749, section 5.2). */
  code: string | null;
  /** Fit to be shown. */
  detail: string | null;
}

export const NO_ERROR: ProviderError = { code: null, detail: null };

/** `errorOf` of a body as it came, which may be anything. */
export function errorOfBody(body: string, secrets: readonly string[]): ProviderError {
  try {
    return errorOf(JSON.parse(body), secrets);
  } catch {
    return NO_ERROR;
  }
}

export function errorOf(reply: unknown, secrets: readonly string[]): ProviderError {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return NO_ERROR;
  const { error } = reply;
  const code = textOf(error);
  // RFC 6749, section 5.2: a code, and perhaps words.
  const words = 'error_description' in reply ? textOf(reply.error_description) : null;
  const text =
    code ?? (typeof error === 'object' && error !== null && 'message' in error ? textOf(error.message) : null);
  if (text === null) return NO_ERROR;
  return { code, detail: sanitize(words === null ? text : `${text} (${words})`, secrets) || null };
}

/** One line of at most 500 characters, without control and invisible characters, and without our secrets. */
export function sanitize(text: string, secrets: readonly string[]): string {
  let line = oneLine(text);
  // As the line has them, in which blanks are fewer. Before the cut: half a secret is still a secret.
  line = line.replace(CALLBACK_TOKEN, '[redacted]');
  for (const secret of secrets.map(oneLine)) if (secret.trim() !== '') line = line.replaceAll(secret, '[redacted]');
  return line
    .slice(0, LONGEST_DETAIL)
    .replace(/\p{Cs}$/u, '')
    .trim();
}

/** The last part of our callback URLs: whoever has it can pretend to be the provider. */
const CALLBACK_TOKEN = /[A-Za-z0-9_-]{1,16}\.req_[0-9A-Z]{26}\.[A-Za-z0-9_-]{43}/g;

function oneLine(text: string): string {
  return text.replace(/[\s\u2028\u2029]+/gu, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '');
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
