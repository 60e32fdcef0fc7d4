import { z } from 'zod';
import { NAME_EXPECTED, NAME_PATTERN } from '../contract/names.ts';
import { bytesOf } from './base64.ts';
import { followFile } from './followed-file.ts';
import { takeEntries } from './secret-entries.ts';

/** What each tenant's deliveries are signed with: several secrets while they are rotated. */
export type DeliverySecrets = ReadonlyMap<string, readonly string[]>;

const PREFIX = 'whsec_';
/** Standard Webhooks, "Signature scheme". */
const [LEAST_BYTES, MOST_BYTES] = [24, 64];

const EXPECTED = 'tenant:whsec_…, the secret as made by echo "whsec_$(openssl rand -base64 32)"';

/** `tenant:whsec_…`, separated by commas or line breaks. */
export const deliverySecrets = z
  .string({ error: `is required to deliver: ${EXPECTED}` })
  .transform((value, context): DeliverySecrets => {
    const secrets = new Map<string, string[]>();
    takeEntries(value, context, EXPECTED, (entry) => {
      const [tenant = '', secret, ...more] = entry.split(':');
      if (secret === undefined || more.length > 0) return `must be ${EXPECTED}`;
      const own = secrets.get(tenant) ?? [];
      const problem = problemWith(tenant, secret, own);
      if (problem === null) secrets.set(tenant, [...own, secret]);
      return problem;
    });
    return secrets;
  });

function problemWith(tenant: string, secret: string, others: readonly string[]): string | null {
  if (!NAME_PATTERN.test(tenant)) return `has a bad tenant name: expected ${NAME_EXPECTED}`;
  const bytes = secret.startsWith(PREFIX) ? bytesOf(secret.slice(PREFIX.length)) : null;
  if (bytes === null) return `has no ${PREFIX} and Base64 after the colon`;
  const { length } = bytes;
  if (length < LEAST_BYTES || length > MOST_BYTES) {
    return `has a secret of ${length} bytes: expected ${LEAST_BYTES} to ${MOST_BYTES}`;
  }
  return others.includes(secret) ? 'repeats an entry before it' : null;
}

/**
 * The secrets of a tenant as they are now.
 *
 * @param first what was configured
 * @param file where that was read; null: it was in a variable
 */
export function currentSecrets(first: DeliverySecrets, file: string | null): (tenant: string) => readonly string[] {
  const current = file === null ? () => first : followFile({ path: file, first, schema: deliverySecrets });
  return (tenant) => current().get(tenant) ?? [];
}
