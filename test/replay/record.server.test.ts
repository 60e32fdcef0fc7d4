import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { AnswerCache } from '../../src/answers/answer-cache.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { isWorkflowTaskEvent } from '../helpers/history-events.ts';
import { startInProcessStack, type HistoryEvent, type InProcessStack } from '../helpers/in-process-stack.ts';
import { CURRENT_VERSION, HISTORIES } from './histories.ts';
import { SCENARIOS, standIn } from './scenarios.ts';

let stack: InProcessStack;

beforeAll(async () => {
  const answers = new AnswerCache({
    ttlMs: 60_000,
    fallbackMaxAgeMs: 0,
    scope: 'replay',
    observer: { answerLookedUp: () => {}, answersUnavailable: () => {} },
    now: Date.now,
  });
  const cache = { answers, fallback: 'stand-in', fallbacks: { 'stand-in': standIn } };
  stack = await startInProcessStack({ policy: { cancelCall: true }, cache });
  stack.fake.settings.cancel = 'on';
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

test.each(Object.keys(SCENARIOS))('[N9] %s takes the same events as when it was recorded', async (name) => {
  const requestId = await SCENARIOS[name]!(stack);
  const history = await stack.temporal.client.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
  const file = new URL(`${CURRENT_VERSION}/${name}.json`, HISTORIES);
  if (!existsSync(file)) record(file, historyToJSON(history));
  const recorded = historyFromJSON(JSON.parse(readFileSync(file, 'utf8')));
  expect(typesOf(history.events ?? [])).toEqual(typesOf(recorded.events ?? []));
});

/** A new behaviour records itself on a developer's machine, to be committed; in CI its absence is the failure. */
function record(file: URL, json: string): void {
  if (process.env['CI']) throw new Error(`${file.pathname} is not committed. Run this test once without CI=true.`);
  mkdirSync(new URL('.', file), { recursive: true });
  // Identities and sticky queues name the process and the machine that recorded.
  writeFileSync(file, `${json.replaceAll(/"\d+@[^"]*"/g, '"recorded"')}\n`);
}

/**
 * By type, sorted: what two activities do at the same time has no order. Without workflow tasks; further attempts of an
 * activity show in none.
 */
function typesOf(events: HistoryEvent[]): unknown[] {
  return events
    .filter((event) => !isWorkflowTaskEvent(event))
    .map(({ eventType }) => eventType)
    .toSorted((a, b) => Number(a) - Number(b));
}
