import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { isLoopback } from '../contract/loopback.ts';
import { certificatesOf } from './pem.ts';

/**
 * What the value of a variable may be. Each schema reads the variable's text, and its only message says what is
 * expected: zod's own messages could repeat a part of the value.
 */

export function text(expected: string) {
  return z.string({ error: ({ input }) => `${input === undefined ? 'is required:' : 'must be'} ${expected}` });
}

function decimal(expected: string, pattern: RegExp, min: number, max: number) {
  return text(expected)
    .refine((value) => pattern.test(value) && Number(value) >= min && Number(value) <= max, `must be ${expected}`)
    .transform(Number);
}

/** Seconds on the outside, decimals allowed; whole milliseconds on the inside. */
export function seconds({ min, max }: { min: number; max: number }) {
  const expected = `a number of seconds from ${min} to ${max}, such as ${Math.max(min, 1)} or ${Math.max(min, 1) + 0.5}`;
  return decimal(expected, /^\d+(\.\d+)?$/, min, max).transform((value) => Math.round(value * 1000));
}

export function integer({ min, max }: { min: number; max: number }) {
  return decimal(`a whole number from ${min} to ${max}`, /^\d+$/, min, max);
}

/** A TCP port; 0 lets the operating system choose. */
export const port = integer({ min: 0, max: 65_535 });

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `must be one of: ${values.join(', ')}` });
}

export const flag = oneOf('true', 'false').transform((value) => value === 'true');

const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** An address to listen on. */
export const host = text('a host name or an IP address without a port, such as 127.0.0.1').refine(
  (value) => isIP(value) !== 0 || HOST.test(value),
  'must be a host name or an IP address without a port, such as 127.0.0.1',
);

/** VSCHAR, of which a client's id and secret are made (RFC 6749, appendix A). */
export const oauthCredential = text('visible ASCII characters or blanks').regex(
  /^[\x20-\x7e]+$/,
  'must be visible ASCII characters or blanks, without line breaks',
);

/** Text that is sent in a header: RFC 9110 allows no line break there, and no key contains a blank. */
export const credential = text('visible ASCII characters without blanks').regex(
  /^[\x21-\x7e]+$/,
  'must be visible ASCII characters without blanks or line breaks',
);

const EXPECTED_URL = 'an absolute URL without credentials, query or fragment, such as https://api.example.com/v2.1';

/** The provider's base URL. Plain http is a cross-check, because another variable may allow it. */
export const baseUrl = text(EXPECTED_URL).transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : null;
  const bare = url !== null && url.username === '' && url.password === '' && !/[?#]/.test(value);
  if (bare && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  context.addIssue({ code: 'custom', message: `must be ${EXPECTED_URL}` });
  return z.NEVER;
});

/** Where credentials go, or come from: http only on this machine. */
export function secureUrl(example: string) {
  const expected = `an absolute https URL without credentials or fragment, such as ${example}`;
  return text(expected).transform((value, context) => {
    const url = URL.canParse(value) ? new URL(value) : null;
    const isBare = url !== null && url.username === '' && url.password === '' && !value.includes('#');
    if (isBare && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))) return url;
    context.addIssue({ code: 'custom', message: `must be ${expected}` });
    return z.NEVER;
  });
}

/** Where client id and secret go. */
export const tokenUrl = secureUrl('https://login.example.com/oauth/token');

const EXPECTED_PROXY =
  'an http or https URL without a path, such as http://proxy.example.com:3128; may have user:password@';

/** A proxy that knows CONNECT. */
export const proxyUrl = text(EXPECTED_PROXY).transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isWhole = url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && !/[?#]/.test(value);
  if (isWhole && areDecodable(url.username, url.password)) return url;
  context.addIssue({ code: 'custom', message: `must be ${EXPECTED_PROXY}` });
  return z.NEVER;
});

const EXPECTED_REDIS = 'a Redis URL, such as redis://127.0.0.1:6379 or rediss://user:password@redis.example.com:6380/0';

export const redisUrl = text(EXPECTED_REDIS).refine(isRedisUrl, `must be ${EXPECTED_REDIS}`);

function isRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, pathname } = new URL(value);
  return (
    /^rediss?:$/.test(protocol) && hostname !== '' && areDecodable(username, password) && /^(\/\d*)?$/.test(pathname)
  );
}

function areDecodable(...parts: string[]): boolean {
  try {
    return parts.every((part) => decodeURIComponent(part) !== null);
  } catch {
    return false;
  }
}

export const EXPECTED_ADDRESSES = 'addresses as host:port, separated by commas, such as 10.0.0.1:26379,10.0.0.2:26379';

/** At least one. */
export const addresses = text(EXPECTED_ADDRESSES).transform((value, context) => {
  const found = value.split(',').map((part) => /^\s*(?:\[([0-9a-f:.]+)\]|([^\s:/@]+)):(\d{1,5})\s*$/i.exec(part));
  if (found.every((each) => each !== null && Number(each[3]) <= 65_535)) {
    return found.map((each) => ({ host: each?.[1] ?? each?.[2] ?? '', port: Number(each?.[3]) }));
  }
  context.addIssue({ code: 'custom', message: `must be ${EXPECTED_ADDRESSES}` });
  return z.NEVER;
});

const EXPECTED_PEM = 'the path of a file with certificates (PEM)';

/** The content of the file. */
export const pemFile = text(EXPECTED_PEM).transform((path, context) => {
  try {
    const content = readFileSync(path, 'utf8');
    if (certificatesOf(content) !== null) return content;
    context.addIssue({ code: 'custom', message: `must be ${EXPECTED_PEM}, and not all of it can be read: ${path}` });
  } catch {
    context.addIssue({ code: 'custom', message: `must be ${EXPECTED_PEM}, and it cannot be read: ${path}` });
  }
  return z.NEVER;
});

const EXPECTED_KEY = '32 random bytes in base64, as `openssl rand -base64 32` prints them';

/** A key for AES-256. */
export const cipherKey = text(EXPECTED_KEY)
  .regex(/^[A-Za-z0-9+/]{43}=$/, `must be ${EXPECTED_KEY}`)
  .transform((value) => Buffer.from(value, 'base64'));
