import { isIP } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Targets } from '../../src/deliveries/targets.ts';
import { sendDelivery } from '../../src/deliveries/send-delivery.ts';
import { systemLookup, type Lookup } from '../../src/provider/open-socket.ts';
import { publicOnly } from '../../src/provider/public-addresses.ts';
import { startReceiver } from '../helpers/receiver.ts';
import { deliveryTo, HERE, SECRET } from './delivery-under-test.ts';

/** What a name leads to is only known when it is dialled: there each address is looked at, whatever the URL looked like. */

const RULES = { ...HERE, loopback: false };

/** Leads every name to these addresses. */
const leadsTo =
  (...addresses: string[]): Lookup =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: isIP(address) })));

function targetsWith(lookup?: Lookup, loopback = false): Targets {
  const targets = new Targets({ rules: { loopback }, ...(lookup && { lookup }) });
  onTestFinished(() => targets.close());
  return targets;
}

const attempt = (targets: Targets, url: string, rules = RULES) =>
  sendDelivery(deliveryTo(url), { rules, targets, secrets: [SECRET], now: Date.now });

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '169.254.170.2',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '192.168.255.255',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:93.184.216.34',
  '::ffff:7f00:1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::a00:1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:0:7f00:1::',
  '2001:2::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '2002::1',
  '2002:7f00:1::',
  '2002:a00:1::1',
  '2002:a9fe:a9fe::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fdff:ffff::1',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'ff00::1',
  'ff02::1',
  'ff05::1:3',
])('[N16][N8] a name that leads to %s is not connected to', async (address) => {
  expect(await attempt(targetsWith(leadsTo(address)), 'https://hooks.example.com/')).toEqual({
    outcome: 'failed',
    statusCode: null,
    reason: 'https://hooks.example.com is not at a public address: nothing was sent',
    retryAfterMs: null,
  });
});

/** Spellings that would not come past the check of the URL: what is dialled is looked at all the same. */
test.each([
  'https://127.0.0.1',
  'https://127.1',
  'https://0x7f000001',
  'https://2130706433',
  'https://017700000001',
  'https://0',
  'https://10.0.0.1',
  'https://169.254.169.254',
  'https://[::1]',
  'https://[::ffff:127.0.0.1]',
  'https://[::ffff:7f00:1]',
  'https://[64:ff9b::7f00:1]',
  'https://[2002:7f00:1::]',
  'https://[fe80::1]',
  'https://[fd00:ec2::254]',
  'https://localhost',
])('[N16][N8] %s is not connected to, also where only the dial looks', async (origin) => {
  const { transport } = targetsWith(systemLookup).of(new URL(origin));
  const send = transport.send({ method: 'POST', path: '/', headers: [], body: '' }, undefined, () => {});
  await expect(send).rejects.toMatchObject({ sent: false, cause: { code: 'NOT_PUBLIC' } });
});

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '93.184.216.34',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.1',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:2800:220:1::1',
  '2a00:1450:4001::200e',
  '2001:4860:4860::8888',
  '2001:200::1',
  '2003::1',
  '2400:cb00::1',
])('[N16][N8] %s is public, and dialled as it is', async (address) => {
  const addresses = [{ address, family: isIP(address) }];
  expect(await publicOnly(leadsTo(address))('hooks.example.com')).toEqual(addresses);
});

test('[N16][N8] of a name with several addresses each must be public', async () => {
  const sent = await attempt(targetsWith(leadsTo('93.184.216.34', '10.0.0.1')), 'https://hooks.example.com/');
  expect(sent).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/not at a public address/) });
});

test('[N16][N8] a name that is public when it is looked at and ours when it is dialled reaches nobody: one look is both', async () => {
  await using receiver = await startReceiver();
  let looks = 0;
  const rebinding: Lookup = () => {
    looks++;
    // Who looked first, and then let the system dial the name, would be led here.
    return leadsTo(looks % 2 === 1 ? '127.0.0.1' : '10.0.0.1')('');
  };
  const url = `https://rebinding.example.com:${receiver.port}/`;
  const targets = targetsWith(rebinding);
  for (let n = 1; n <= 4; n++) {
    const sent = await attempt(targets, url, { ...RULES, ports: [receiver.port] });
    expect(sent).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/not at a public address/) });
    expect(looks).toBe(n);
  }
  expect(receiver.arrived).toEqual([]);
});

test('[N16][N8] where this machine is allowed, a name of it that leads elsewhere is not', async () => {
  const sent = await attempt(targetsWith(leadsTo('10.0.0.1'), true), 'http://localhost:3000/', HERE);
  expect(sent).toMatchObject({ outcome: 'failed', reason: 'http://localhost:3000 does not lead to this machine' });
});

test('[N16][N8] the URL is checked again: what was allowed when the request was taken may not be now', async () => {
  await using receiver = await startReceiver();
  const targets = targetsWith(undefined, true);
  expect(await attempt(targets, receiver.url, RULES)).toEqual({
    outcome: 'failed',
    statusCode: null,
    reason: 'The URL must be https',
    retryAfterMs: null,
  });
  expect(receiver.arrived).toEqual([]);
});
