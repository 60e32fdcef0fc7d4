import type { LookupAddress } from 'node:dns';
import { BlockList } from 'node:net';
import type { Lookup } from './open-socket.ts';

/** Not for anybody on the Internet to serve: the special-purpose address registries of IANA (RFC 6890), and multicast. */
const SPECIAL: readonly [net: string, prefix: number, family: 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
];

/** Of IPv6 only global unicast is public; these parts of it lead elsewhere: Teredo, documentation, 6to4. */
const GLOBAL: readonly [net: string, prefix: number] = ['2000::', 3];
const NOT_GLOBAL: readonly [net: string, prefix: number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const special = new BlockList();
for (const [net, prefix, family] of SPECIAL) special.addSubnet(net, prefix, family);
const global = new BlockList();
global.addSubnet(...GLOBAL, 'ipv6');
const notGlobal = new BlockList();
for (const [net, prefix] of NOT_GLOBAL) notGlobal.addSubnet(net, prefix, 'ipv6');

export function isPublic({ address, family }: LookupAddress): boolean {
  if (family === 4) return !special.check(address, 'ipv4');
  return global.check(address, 'ipv6') && !notGlobal.check(address, 'ipv6');
}

/** A name that leads into our own network is refused whole: the next answer may have the other order. */
export function publicOnly(lookup: Lookup): Lookup {
  return async (hostname) => {
    const addresses = await lookup(hostname);
    if (addresses.every(isPublic)) return addresses;
    throw Object.assign(new Error('not a public address'), { code: 'NOT_PUBLIC' });
  };
}
