import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { text } from './schemas.ts';

/** What they stand for, Fastify knows. */
const NAMES = ['loopback', 'linklocal', 'uniquelocal'];
const EXPECTED = `addresses or ranges of proxies, comma separated, such as 10.0.0.7, 10.1.0.0/16 or 2001:db8::/48, or ${NAMES.join(', ')}`;
/** No network of somebody's own is wider. */
const WIDEST = { ipv4: 8, ipv6: 7 };

/** Whose X-Forwarded-For is believed, as Fastify takes it. */
const trustedProxies = text(EXPECTED).transform((value, context): readonly string[] => {
  const entries = value.split(',').map((entry) => entry.trim());
  for (const [index, entry] of entries.entries()) {
    const problem = NAMES.includes(entry) ? null : problemWith(entry);
    if (problem !== null) context.addIssue({ code: 'custom', message: `entry ${index + 1} ${problem}` });
  }
  return Object.freeze(entries);
});

/** For whom the gateway takes those that connect to it. */
export const PROXY_VARIABLES = { GATEWAY_TRUSTED_PROXIES: trustedProxies.default([]) };

function problemWith(entry: string): string | null {
  const [address = '', prefix, ...more] = entry.split('/');
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(prefix ?? '0') || more.length > 0) return `must be one of: ${EXPECTED}`;
  const parsed = ipaddr.parse(address);
  const kind = parsed.kind();
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress())
    return 'must be written as the IPv4 address that it is';
  const longest = kind === 'ipv6' ? 128 : 32;
  const length = Number(prefix ?? longest);
  if (length > longest) return `must have a prefix of at most /${longest}`;
  return length < WIDEST[kind]
    ? `must not be wider than /${WIDEST[kind]}: whoever is in it can say where a request comes from`
    : null;
}
