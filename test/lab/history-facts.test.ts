import { readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, test } from 'vitest';
import { factsOf } from '../../lab/history-facts.ts';
import { CURRENT_VERSION, HISTORIES } from '../replay/histories.ts';

/** What is read of a history that test/replay recorded. */
function recorded(name: string) {
  const file = new URL(`${CURRENT_VERSION}/${name}.json`, HISTORIES);
  return factsOf(historyFromJSON(JSON.parse(readFileSync(file, 'utf8')) as unknown));
}

const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;

test('[N12] the fault lab reads ends, doubts and decisions from histories', () => {
  expect(recorded('polled')).toEqual({
    end: 'completed',
    status: 'completed',
    cancellation: null,
    errorType: null,
    retryable: false,
    cancelRequested: false,
    resultSha256: sha256,
    providerRequestId: expect.stringMatching(/^req_/),
    unknownOutcomes: 0,
    decisions: [],
    lookups: [],
  });
  expect(recorded('refused')).toMatchObject({
    end: 'failed',
    status: 'failed',
    errorType: 'ExternalAPIError',
    retryable: false,
    resultSha256: null,
  });
  expect(recorded('outcome-unknown-and-adopted')).toMatchObject({
    end: 'completed',
    resultSha256: sha256,
    unknownOutcomes: 1,
    decisions: [{ decision: 'adopt', at: expect.any(Number) }],
  });
});

test('[N12] the fault lab reads what a history says of a cancelled request and of one whose deadline passed', () => {
  const cancelled = { end: 'cancelled', status: 'cancelled', cancelRequested: true, unknownOutcomes: 0 };
  expect(recorded('cancelled-before-the-submit')).toMatchObject({ ...cancelled, cancellation: 'nothing_sent' });
  expect(recorded('cancelled-while-polling')).toMatchObject({
    ...cancelled,
    cancellation: expect.stringMatching(/^(cancelled_at_provider|no_longer_watched)$/),
  });
  expect(recorded('deadline-while-polling')).toMatchObject({ end: 'failed', status: 'timed_out' });
});

test('[N12] a request that still runs has no end', () => {
  expect(factsOf({ events: [] })).toMatchObject({ end: null, status: null });
});
