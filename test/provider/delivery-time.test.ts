import { expect, test } from 'vitest';
import { DeliveryTime } from '../../src/provider/delivery-time.ts';

test('[M9] a body goes at 1 MiB/s at least: of its bytes, whatever its characters', () => {
  const delivery = new DeliveryTime();
  const [nothing, ...bodies] = [null, 'x'.repeat(6_144), 'é'.repeat(3_072), '文'.repeat(2_048)];
  for (const body of bodies) expect(delivery.boundMs(body) - delivery.boundMs(nothing)).toBe(6);
});

test('[M9] a call has arrived after two of the longest connects, and a second', () => {
  const delivery = new DeliveryTime();
  for (const ms of [20, 300, 40]) delivery.connected(ms);
  expect(delivery.boundMs('')).toBe(1_600);
});
