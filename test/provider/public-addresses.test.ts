import { isIP } from 'node:net';
import { expect, test } from 'vitest';
import { publicOnly } from '../../src/provider/public-addresses.ts';

const found = (...addresses: string[]) =>
  publicOnly(() => Promise.resolve(addresses.map((address) => ({ address, family: isIP(address) }))))('name.example');

test.each(['93.184.216.34', '172.15.255.255', '172.32.0.1', '100.128.0.1', '2606:2800:220:1::1', '2a00:1450::1'])(
  '[N13][N8] a result may be at %s',
  async (address) => {
    expect(await found(address)).toEqual([{ address, family: isIP(address) }]);
  },
);

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:93.184.216.34',
  '64:ff9b::a00:1',
  'fc00::1',
  'fe80::1',
  'ff02::1',
  '2001:db8::1',
  '2002:a00:1::1',
])('[N13][N8] none may be at %s, not even among others', async (address) => {
  await expect(found(address)).rejects.toMatchObject({ code: 'NOT_PUBLIC' });
  await expect(found('93.184.216.34', address)).rejects.toMatchObject({ code: 'NOT_PUBLIC' });
});
