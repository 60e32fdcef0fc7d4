import { readdirSync, readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import '../helpers/quiet-runtime.ts';
import { HISTORIES } from './histories.ts';
import { SCENARIOS } from './scenarios.ts';

// One folder a version of the workflow. What was recorded once is replayed for ever: such requests may still run.
const recorded = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

test('[C3] every behaviour has a recorded history', () => {
  const names = new Set(recorded.map((file) => file.replace(/^.*\//, '').replace(/\.json$/, '')));
  expect([...names].toSorted()).toEqual(Object.keys(SCENARIOS).toSorted());
});

test.each(recorded)('[C3] a request that ran as %s goes on under the code of today', async (file) => {
  const history: unknown = JSON.parse(readFileSync(new URL(file, HISTORIES), 'utf8'));
  const workflowBundle = { codePath: inject('workflowBundlePath') };
  await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(history), 'external-api/req_replayed');
});

/**
 * After a worker's death a query may be answered by another one, with what came since the last task: the poll was begun then. The
 * callback came next, and the task after it asked for one look more. A replay sees both at once, the callback first.
 */
test('[C3][N4] a callback that came after a query asks for the same as one that was there before it', async () => {
  const file = new URL('./found/callback-after-a-query.json', import.meta.url);
  const history: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const workflowBundle = { codePath: inject('workflowBundlePath') };
  await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(history), 'external-api/req_replayed');
});
