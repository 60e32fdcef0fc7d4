import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { coalescedId } from '../../src/client/coalesce.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 5);
const PERIOD = 600_000;

/** A server with the requests that were started, of which the running ones are known. */
class Requests {
  readonly started = new Map<string, boolean>();
  looks = 0;

  find(now = NOW, tenant = 'a', hash = 'h'): Promise<string> {
    return coalescedId({ tenant, inputHash: hash, provider: undefined }, now, async (id) => {
      this.looks++;
      return this.started.get(id) ?? null;
    });
  }

  async start(now = NOW): Promise<string> {
    const id = await this.find(now);
    this.started.set(id, true);
    return id;
  }
}

test('[C4] equal requests that run at the same time are one; other tenants and inputs are others', async () => {
  const requests = new Requests();
  const id = await requests.start();
  expect(await requests.find()).toBe(id);
  expect(await requests.find(NOW, 'b')).not.toBe(id);
  expect(await requests.find(NOW, 'a', 'other')).not.toBe(id);
});

test('[C4] a finished request is never found, however many there were', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 200 }), async (count) => {
      const requests = new Requests();
      for (let n = 0; n < count; n++) requests.started.set(await requests.start(), false);
      expect(requests.started.size).toBe(count);
      requests.looks = 0;
      const next = await requests.find();
      expect(requests.started.has(next)).toBe(false);
      expect(requests.looks).toBeLessThanOrEqual(4 + 2 * Math.ceil(Math.log2(count + 2)));
    }),
    { numRuns: 20 },
  );
});

test('[C4] one that began in the period before is joined as long as it runs', async () => {
  const requests = new Requests();
  const id = await requests.start(NOW - PERIOD);
  expect(await requests.find()).toBe(id);
  requests.started.set(id, false);
  expect(await requests.find()).not.toBe(id);
});
