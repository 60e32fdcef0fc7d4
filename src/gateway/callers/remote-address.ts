import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Who cannot be told apart is one. */
const UNKNOWN = 'unknown';

/** Some proxies write the port too. */
const WITH_PORT = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/;
const ZONE = /%.*$/;

/** An address as Fastify found it, which is whatever stood in X-Forwarded-For, in its one form (RFC 5952). */
export function remoteAddress(ip: string | undefined): string {
  const [, inBrackets, beforePort] = WITH_PORT.exec(ip ?? '') ?? [];
  const bare = (inBrackets ?? beforePort ?? ip ?? '').replace(ZONE, '');
  // An IPv4 address in IPv6 (::ffff:192.0.2.1) is that one.
  return isIP(bare) === 0 ? UNKNOWN : ipaddr.process(bare).toString();
}

/** What is counted as one: of IPv6 a /64, since who has one of its addresses has all (RFC 4291, section 2.5.4). */
export function remoteNetwork(ip: string | undefined): string {
  const address = remoteAddress(ip);
  if (isIP(address) !== 6) return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString()}/64`;
}
