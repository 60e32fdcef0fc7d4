import { expect, test } from 'vitest';
import { withProxyRules } from '../../src/client/temporal-channel.ts';

const DIRECT = { channelArgs: { 'grpc.enable_http_proxy': 0 } };

test('[N8] what has no address is this machine', () => {
  expect(withProxyRules({}, {})).toEqual(DIRECT);
});

test.each(['localhost', 'LOCALHOST:7233', '127.0.0.1:7233', '127.3.4.5', '[::1]:7233', '[::1]'])(
  '[N8] %s is this machine, which is reached without a proxy',
  (address) => {
    expect(withProxyRules({ address }, {})).toEqual({ address, ...DIRECT });
  },
);

test.each([
  ['temporal.example.com:7233', 'temporal.example.com', true],
  ['temporal.example.com:7233', 'TEMPORAL.example.com:7233', true],
  ['temporal.example.com:7233', 'other, .example.com', true],
  ['temporal.example.com:7233', '*.example.com', true],
  ['temporal.example.com:7233', 'example.com other', true],
  ['temporal.example.com:7233', '*', true],
  ['temporal.example.com:7233', 'ample.com', false],
  ['temporal.example.com:7233', 'sub.temporal.example.com', false],
  ['temporal.example.com:7233', ' ,, ', false],
  ['temporal.example.com:7233', '', false],
  ['10.1.2.3:7233', '10.0.0.0/8', true],
  ['10.1.2.3:7233', '10.1.2.3', true],
  ['11.1.2.3:7233', '10.0.0.0/8', false],
  ['10.1.2.3:7233', '10.0.0.0/', false],
  ['10.1.2.3:7233', '10.0.0.0/99', false],
  ['[fd00::1]:7233', 'fd00::/8', true],
  ['[fd00::1]:7233', 'fd00::1', true],
  ['[fd00::1]:7233', '10.0.0.0/8', false],
])('[N8] %s with NO_PROXY=%j, in both spellings: direct is %s', (address, list, direct) => {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    expect(withProxyRules({ address }, { [name]: list })).toEqual({ address, ...(direct ? DIRECT : {}) });
  }
});
