import { expect, test } from 'vitest';
import { ExternalApiClient, TemporalUnavailableError } from '../../src/client/index.ts';
import { startStack } from '../helpers/stack.ts';
import { startOwnTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

test(
  '[M20] a Temporal server killed and restarted during the poll loses nothing: worker and reader come back unaided',
  { timeout: 90_000 },
  async () => {
    const temporal = await startOwnTemporal();
    try {
      await using stack = await startStack({
        temporalAddress: temporal.address,
        workerEnv: { EXTERNAL_API_POLL_INITIAL: '0.2', EXTERNAL_API_POLL_MAX: '2' },
        fakeProvider: { settings: { jobDurationMs: 5_000 } },
      });
      const client = new ExternalApiClient(stack.temporal.client);
      const handle = await client.process({ data: 1, options: { async: true } }, { idempotencyKey: 'survivor' });
      await waitUntil('it is polled', () =>
        stack.fakeProvider.ledger.some(({ endpoint }) => endpoint === '/status/{request_id}'),
      );
      await temporal.kill();
      await expect(handle.status()).rejects.toThrow(TemporalUnavailableError);
      await temporal.restart();
      const finished = await waitUntil(
        'it is finished',
        async () => {
          const snapshot = await handle.status().catch((error: unknown) => {
            if (error instanceof TemporalUnavailableError) return undefined;
            throw error;
          });
          return snapshot?.status === 'completed' ? snapshot : undefined;
        },
        60_000,
      );
      expect(finished.result?.metadata.version).toBe('2.1');
      expect(await handle.result()).toMatchObject({ status: 'completed' });
      expect(stack.fakeProvider.ledger.filter(({ endpoint }) => endpoint === '/process')).toHaveLength(1);
      const again = await client.process({ data: 1, options: { async: true } }, { idempotencyKey: 'survivor' });
      expect(again.requestId).toBe(handle.requestId);
    } finally {
      await temporal.close();
    }
  },
);
