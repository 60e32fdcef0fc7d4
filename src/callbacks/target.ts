import { isIP } from 'node:net';
import { isLoopback } from '../contract/loopback.ts';
import { isPublic } from '../provider/public-addresses.ts';

/** Where deliveries may go. Whatever name is in a URL, the address that it leads to is looked at again when it is dialled. */
export interface TargetRules {
  readonly ports: readonly number[];
  /** Names, or `*.name` for all below one; null: any public one. */
  readonly hosts: readonly string[] | null;
  /** Whether plain http to this machine is allowed, on any port: for tests and for trying things out. */
  readonly loopback: boolean;
}

/** Where nobody says otherwise. */
export const DEFAULT_TARGETS: TargetRules = { ports: [443], hosts: null, loopback: false };

/** Characters. */
export const LONGEST_TARGET = 2_000;

/** What a URL parser would mend is no URL here: others mend it otherwise. Without a flag, which JSON Schema has not. */
export const TARGET_PATTERN = /^[hH][tT][tT][pP][sS]?:\/\/[^/?#@\\]+(?:[/?][^#\\]*)?$/;
export const TARGET_EXPECTED =
  'must be an absolute https URL without user and fragment, such as https://example.com/hook';
const VISIBLE_ASCII = /^[\x21-\x7e]*$/;

/** Names that no public server has (RFC 6761, 6762, 7686, 8375, and ICANN's `internal`). */
const PRIVATE_NAMES = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa|test|invalid|onion)$/;

/** A URL that results may be delivered to; else why not, as the end of a sentence that begins with what the URL is. */
export function targetOf(text: string, { ports, hosts, loopback }: TargetRules): { url: URL } | { problem: string } {
  if (text.length > LONGEST_TARGET) return { problem: `must not be longer than ${LONGEST_TARGET} characters` };
  if (!VISIBLE_ASCII.test(text)) return { problem: 'must be of visible ASCII characters: percent-encode the others' };
  if (!TARGET_PATTERN.test(text) || !URL.canParse(text)) {
    return { problem: TARGET_EXPECTED };
  }
  const url = new URL(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (loopback && isLoopback(host)) return { url };
  if (url.protocol !== 'https:') return { problem: 'must be https' };
  const port = url.port === '' ? 443 : Number(url.port);
  if (!ports.includes(port)) return { problem: `must have one of the ports ${ports.join(', ')}` };
  const family = isIP(host);
  const isPublicHost = family === 0 ? isPublicName(host) : isPublic({ address: host, family });
  if (!isPublicHost) return { problem: 'must lead to a public address' };
  const isListed = hosts === null || hosts.some((entry) => isOf(entry, host));
  return isListed ? { url } : { problem: 'leads to a host that is not among those that are allowed' };
}

function isPublicName(host: string): boolean {
  return host.includes('.') && !host.endsWith('.') && !PRIVATE_NAMES.test(host);
}

function isOf(entry: string, host: string): boolean {
  return entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry;
}
