import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { NAME_EXPECTED, NAME_PATTERN } from '../contract/names.ts';

/** What each tenant's deliveries are signed with: several secrets while they are rotated. */
export type DeliverySecrets = ReadonlyMap<string, readonly string[]>;

const SECRET = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;
/** Standard Webhooks, "Signature scheme". */
const [LEAST_BYTES, MOST_BYTES] = [24, 64];

const EXPECTED = 'tenant:whsec_…, the secret as made by echo "whsec_$(openssl rand -base64 32)"';

/**
 * `tenant:whsec_…`, separated by commas or line breaks. A bad entry is named by its position alone: it is a secret.
 */
export const deliverySecrets = z
  .string({ error: `is required to deliver: ${EXPECTED}` })
  .transform((value, context): DeliverySecrets => {
    const secrets = new Map<string, string[]>();
    const entries = value
      .split(/[,\n]/)
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    for (const [n, entry] of entries.entries()) {
      const [tenant = '', secret, ...more] = entry.split(':');
      const own = secrets.get(tenant) ?? [];
      const problem =
        secret === undefined || more.length > 0 ? `must be ${EXPECTED}` : problemWith(tenant, secret, own);
      if (problem === null) secrets.set(tenant, [...own, secret ?? '']);
      else context.addIssue({ code: 'custom', message: `entry ${n + 1} ${problem}` });
    }
    if (entries.length === 0) context.addIssue({ code: 'custom', message: `has no entry: expected ${EXPECTED}` });
    return secrets;
  });

function problemWith(tenant: string, secret: string, others: readonly string[]): string | null {
  if (!NAME_PATTERN.test(tenant)) return `has a bad tenant name: expected ${NAME_EXPECTED}`;
  const [, base64] = SECRET.exec(secret) ?? [];
  if (base64 === undefined) return 'has no whsec_ and Base64 after the colon';
  const { length } = Buffer.from(base64, 'base64');
  if (length < LEAST_BYTES || length > MOST_BYTES) {
    return `has a secret of ${length} bytes: expected ${LEAST_BYTES} to ${MOST_BYTES}`;
  }
  return others.includes(secret) ? 'repeats an entry before it' : null;
}

const LOOK_AGAIN_MS = 1_000;

/**
 * The secrets of a tenant as they are now: a file is read again, at most once a second. One that cannot be used, as while it is
 * written, changes nothing.
 *
 * @param first what was configured
 * @param file where that was read; null: it was in a variable
 */
export function currentSecrets(first: DeliverySecrets, file: string | null): (tenant: string) => readonly string[] {
  let secrets = first;
  let lookedAt = performance.now();

  function lookAgain(path: string): void {
    if (performance.now() - lookedAt < LOOK_AGAIN_MS) return;
    lookedAt = performance.now();
    try {
      secrets = deliverySecrets.parse(readFileSync(path, 'utf8'));
    } catch {
      // What was before goes on.
    }
  }

  return (tenant) => {
    if (file !== null) lookAgain(file);
    return secrets.get(tenant) ?? [];
  };
}
