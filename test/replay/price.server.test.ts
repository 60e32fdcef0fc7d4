import { readdirSync, readFileSync } from 'node:fs';
import { promiseHooks } from 'node:v8';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import '../helpers/quiet-runtime.ts';
import { CURRENT_VERSION, HISTORIES } from './histories.ts';

/** What one workflow costs its worker, in counts: times are for `npm run bench`. */

/** The least that three activities take, in a workflow that does nothing else, is 17. */
const MOST_PROMISES = 48;

interface Activator {
  /** Modules that were loaded for this workflow alone. */
  moduleCache: ReadonlyMap<string, unknown>;
}

/** The SDK takes the stack of each promise of a workflow: that is most of what a replay costs beside the SDK's own work. */
async function replayed(name: string): Promise<{ promises: number; ownModules: string[] }> {
  const history: unknown = JSON.parse(readFileSync(new URL(`${CURRENT_VERSION}/${name}.json`, HISTORIES), 'utf8'));
  let promises = 0;
  let ownModules: string[] = [];
  const stop = promiseHooks.createHook({
    init(promise) {
      if (promise instanceof Promise) return;
      const { constructor } = (promise as object).constructor;
      const activator = constructor('return globalThis.__TEMPORAL_ACTIVATOR__')() as Activator | undefined;
      if (activator === undefined) return;
      promises++;
      // The SDK asks for two that are not there, each time: they are named by a question mark.
      ownModules = [...activator.moduleCache.keys()].filter((module) => !module.startsWith('?'));
    },
  });
  // In this thread, as it is the default of replays.
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: inject('workflowBundlePath') } },
    historyFromJSON(history),
  );
  stop();
  return { promises, ownModules };
}

test('[M20] a request that is polled takes few promises in its workflow, and loads no module for itself', async () => {
  const { promises, ownModules } = await replayed('polled');
  expect(ownModules).toEqual([]);
  expect(promises).toBeGreaterThan(17);
  expect(promises).toBeLessThanOrEqual(MOST_PROMISES);
});

test('[M20][C1] in the bundle of the workflows are our rules and the SDK, and nothing else', () => {
  const bundle = readFileSync(inject('workflowBundlePath'), 'utf8');
  const modules = [...bundle.matchAll(/^\/\*\*\*\/ "\.\/(dist\/[a-z]+|node_modules\/(?:@[^/]+\/)?[^/]+)\//gm)];
  const SDK = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc'];
  expect([...new Set(modules.map(([, folder = '']) => folder))].toSorted()).toEqual([
    'dist/contract',
    'dist/endings',
    'dist/workflows',
    ...SDK.map((name) => `node_modules/${name}`),
  ]);
});

test('[C1] no module that workflows share keeps a state', () => {
  const folders = ['contract', 'endings', 'workflows'].map((name) => new URL(`../../src/${name}/`, import.meta.url));
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => new URL(name, folder)));
  const sources = files.filter(({ pathname }) => pathname.endsWith('.ts')).map((file) => readFileSync(file, 'utf8'));
  const states = sources.flatMap(
    (source) => source.match(/^(export )?(let|var) .*|^.*= new (Weak)?(Map|Set)\b.*/gm) ?? [],
  );
  expect(states.filter((line) => !line.startsWith(' '))).toEqual([]);
});
