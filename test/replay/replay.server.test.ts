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
