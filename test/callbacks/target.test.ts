import { describe, expect, test } from 'vitest';
import { targetOf, type TargetRules } from '../../src/callbacks/target.ts';

const RULES: TargetRules = { ports: [443, 8443], hosts: null, loopback: false };
const hrefOf = (text: string, rules: Partial<TargetRules> = {}): string | null => {
  const target = targetOf(text, { ...RULES, ...rules });
  return 'url' in target ? target.url.href : null;
};
const problemOf = (text: string, rules: Partial<TargetRules> = {}): string | null => {
  const target = targetOf(text, { ...RULES, ...rules });
  return 'problem' in target ? target.problem : null;
};

describe('[N4][N8] may be delivered to', () => {
  test.each<[text: string, href?: string]>([
    ['https://example.com', 'https://example.com/'],
    ['https://example.com/'],
    ['https://example.com/hook'],
    ['https://example.com/hook?a=1&b=%20'],
    ['https://example.com?a=1', 'https://example.com/?a=1'],
    ['https://EXAMPLE.com/Hook', 'https://example.com/Hook'],
    ['HTTPS://example.com/', 'https://example.com/'],
    ['https://example.com:443/', 'https://example.com/'],
    ['https://example.com:8443/'],
    ['https://a.b.c.example.co.uk/'],
    ['https://xn--exmple-cua.com/'],
    ['https://example.com/a/../b', 'https://example.com/b'],
    ['https://example.com//a'],
    ['https://example.com/http://10.0.0.1/'],
    ['https://93.184.216.34/'],
    ['https://1.1.1.1/'],
    ['https://172.15.255.255/'],
    ['https://[2606:2800:220:1::1]/'],
    ['https://[2a00:1450:4001::200e]:8443/'],
    ['https://10.example.com/'],
    ['https://localhost.example.com/'],
    ['https://127.0.0.1.example.com/'],
  ])('%s', (text, href = text) => {
    expect(hrefOf(text)).toBe(href);
  });
});

describe('[N4][N8] may not be delivered to', () => {
  test.each([
    // No URL, or one that others read otherwise.
    '',
    'example.com',
    '//example.com/',
    '/hook',
    'https:example.com',
    'https:/example.com',
    'https:///example.com',
    'https://',
    'https://?x',
    'https://example.com\\@10.0.0.1/',
    'https:\\\\example.com',
    'https://example.com/#x',
    'https://example.com#@10.0.0.1/',
    'https://user@example.com/',
    'https://user:secret@example.com/',
    'https://example.com@10.0.0.1/',
    ' https://example.com/',
    'https://example.com/ ',
    'https://exa\tmple.com/',
    'https://example.com/\r\nHost: x',
    'https://exämple.com/',
    'https://example。com/',
    'https://ⓔxample.com/',
    'https://example.com:99999/',
    'https://[::1/',
    'https://%31%30.0.0.1:x/',
    // Another scheme, or port.
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'gopher://example.com/',
    'unix:/run/x.sock',
    'https://example.com:80/',
    'https://example.com:22/',
    'https://example.com:6379/',
    'https://example.com:0/',
    // Our own machine and network, in every spelling.
    'https://localhost/',
    'https://LOCALHOST/',
    'https://localhost./',
    'https://x.localhost/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://2130706433/',
    'https://017700000001/',
    'https://0177.0.0.1/',
    'https://127.000.000.001/',
    'https://%31%32%37.0.0.1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0xa9fea9fe/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://192.0.2.1/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b:1::a00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:0:7f00:1::]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    'https://[2001:db8::1]/',
    // Names that no public server has.
    'https://redis/',
    'https://redis:443/',
    'https://example.com./',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'https://intranet/',
    'https://router.lan/',
    'https://nas.home.arpa/',
    'https://x.onion/',
    'https://x.invalid/',
    `https://example.com/${'a'.repeat(2_000)}`,
  ])('%s', (text) => {
    expect(hrefOf(text)).toBeNull();
    expect(problemOf(text)).toMatch(/^(?:must|leads) /);
  });
});

test('[N4][N8] a list of hosts is exact, or all below a name, and nothing else', () => {
  const hosts = ['hooks.example.com', '*.example.org'];
  const asked = [
    'https://hooks.example.com/',
    'https://a.b.example.org/',
    'https://example.org/',
    'https://example.com/',
    'https://x.hooks.example.com/',
    'https://evilexample.org/',
    'https://hooks.example.com.evil.net/',
  ];
  expect(asked.filter((text) => hrefOf(text, { hosts }) !== null)).toEqual(asked.slice(0, 2));
});

test('[N4] this machine may be a target only where that is said, then by http and on any port', () => {
  const here = [
    'http://127.0.0.1:3000/hook',
    'http://localhost:3000/hook',
    'http://[::1]:3000/hook',
    'https://localhost/',
  ];
  expect(here.map((text) => hrefOf(text, { loopback: true }))).toEqual(here);
  expect(here.map((text) => hrefOf(text))).toEqual(here.map(() => null));
  expect(hrefOf('http://10.0.0.1:3000/', { loopback: true })).toBeNull();
  expect(hrefOf('http://example.com/', { loopback: true })).toBeNull();
});
