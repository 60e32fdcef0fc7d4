import { readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, test } from 'vitest';
import { factsOf } from '../../chaos/history-facts.mjs';

function recorded(name: string) {
  const file = new URL(`../../replay/histories/${name}.json`, import.meta.url);
  return factsOf(historyFromJSON(JSON.parse(readFileSync(file, 'utf8')) as unknown));
}

test('[N12] the fault lab reads ends, doubts and decisions from histories', () => {
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  expect(recorded('v1/polled')).toEqual({
    end: 'completed',
    errorType: null,
    resultSha256: sha256,
    unknownOutcomes: 0,
    decisions: [],
  });
  expect(recorded('v1/refused')).toMatchObject({ end: 'failed', errorType: 'ExternalAPIError', resultSha256: null });
  expect(recorded('v1/cancelled-while-polling')).toMatchObject({ end: 'cancelled', unknownOutcomes: 0 });
  expect(recorded('v2/outcome-unknown-and-adopted')).toMatchObject({
    end: 'completed',
    resultSha256: sha256,
    unknownOutcomes: 1,
    decisions: [{ decision: 'adopt', at: expect.any(Number) }],
  });
});

test('[N12] a request that still runs has no end', () => {
  expect(factsOf({ events: [] }).end).toBeNull();
});
