// Run as a process of its own: node bundle-workflows.mjs <workflows' index.js> <bundle to write> [module to preload]…
// A module that is preloaded is loaded once in a worker's thread, not once in each workflow: it must keep no state.
import { renameSync, writeFileSync } from 'node:fs';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

const [workflowsPath, bundlePath, ...preloadModules] = process.argv.slice(2);
const { code } = await bundleWorkflowCode({ workflowsPath, preloadModules, logger: new DefaultLogger('WARN') });
// A worker that starts meanwhile reads the old bundle or the new one, never a half.
writeFileSync(`${bundlePath}.${process.pid}`, code);
renameSync(`${bundlePath}.${process.pid}`, bundlePath);
