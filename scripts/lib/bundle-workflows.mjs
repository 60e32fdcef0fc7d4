// Run as a process of its own: node bundle-workflows.mjs <workflows' index.js> <bundle to write>
import { renameSync, writeFileSync } from 'node:fs';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

const [workflowsPath, bundlePath] = process.argv.slice(2);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
// A worker that starts meanwhile reads the old bundle or the new one, never a half.
writeFileSync(`${bundlePath}.${process.pid}`, code);
renameSync(`${bundlePath}.${process.pid}`, bundlePath);
