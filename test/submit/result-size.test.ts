import { expect, test } from 'vitest';
import { checkResultSize } from '../../src/submit/result-size.ts';

function nested(levels: number): void {
  const processedData: unknown = JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  const result = { processedData, metadata: { processingTime: null, version: null } } as never;
  checkResultSize(result, 'req_1', 'job-1');
}

test('[M12] a result that is nested too deeply to be written again is done work that cannot be kept, and no unknown error', () => {
  expect(() => nested(1_000)).not.toThrow();
  for (const levels of [1_002, 10_000, 100_000]) {
    expect(() => nested(levels)).toThrow(
      expect.objectContaining({
        failure: 'resultTooLarge',
        providerRequestId: 'job-1',
        message: expect.stringContaining('nested deeper than the 1000 levels'),
      }),
    );
  }
});
