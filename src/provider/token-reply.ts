import { z } from 'zod';
import type { ReplyMeaning } from './call.ts';
import { failureOfTokenError } from './call-failure.ts';
import { errorOf, errorOfBody } from './error-detail.ts';

export interface TokenReply {
  accessToken: string;
  /** Seconds, unbounded; null when the reply does not say. */
  expiresIn: number | null;
}

/** Longer than any that servers take in a header. */
const LONGEST_TOKEN = 16 * 1024;

const tokenReply = z.object({
  // What may stand in a header after "Bearer ".
  access_token: z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .max(LONGEST_TOKEN),
  // Required by RFC 6749, but left out by some; there is no other type we could use.
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .nullish(),
  expires_in: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+(\.\d+)?$/)
        .transform(Number),
    ])
    .nullable()
    .catch(null),
});

/** What the token endpoint says (RFC 6749, sections 5.1 and 5.2). */
export function readTokenReply(
  { statusCode, body }: { statusCode: number; body: string },
  secrets: readonly string[],
): ReplyMeaning<TokenReply> {
  if (statusCode >= 300) return { error: errorOfBody(body, secrets) };
  const json = parseObject(body);
  if (json === null) return unreadable('it is not a JSON object');
  const reply = tokenReply.safeParse(json).data;
  if (reply === undefined) {
    // Some servers refuse with a 200.
    const error = errorOf(json, secrets);
    if (error.detail !== null) return { failure: failureOfTokenError(error), message: error.detail };
    return unreadable(whyNoToken(json));
  }
  return { value: { accessToken: reply.access_token, expiresIn: reply.expires_in } };
}

/** Without a word of what it says instead. */
function whyNoToken(json: object): string {
  const { access_token: token, token_type: type } = json as { access_token?: unknown; token_type?: unknown };
  if (typeof token !== 'string' || token === '') return 'it has no access_token';
  if (token.length > LONGEST_TOKEN) {
    return `its access_token has ${token.length} characters, and at most ${LONGEST_TOKEN} can be sent in a header`;
  }
  if (!tokenReply.shape.access_token.safeParse(token).success) {
    return 'its access_token cannot be sent in a header: expected visible ASCII characters';
  }
  return `its token_type is ${typeof type === 'string' ? 'another one' : 'no string'}: expected Bearer`;
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function unreadable(why: string): ReplyMeaning<never> {
  return { failure: 'unreadableReply', message: `Unreadable reply: ${why}` };
}
