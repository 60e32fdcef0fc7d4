import { expect, test } from 'vitest';
import { masterUrl } from '../../src/redis/sentinels.ts';
import { startRawServer } from '../helpers/raw-server.ts';

test('[M9][N3] a sentinel that takes connections and says nothing is given up, so that it can be asked again', async () => {
  await using silent = await startRawServer({ onConnection: () => true });
  const sentinels = { nodes: [{ host: '127.0.0.1', port: silent.port }], name: 'mymaster' };
  await expect(masterUrl('redis://sentinels', sentinels)).rejects.toThrow(
    'no sentinel of REDIS_SENTINELS says where the master is: Redis did not answer within 300 ms',
  );
});
