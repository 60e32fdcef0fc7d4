import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of the prebuilt workflow bundle of this version: `workflowBundle: { codePath: WORKFLOW_BUNDLE }` of a Worker. */
export const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

/** @throws Error when this is a checkout that was not built */
export function prebuiltWorkflows(): { codePath: string } {
  if (!existsSync(WORKFLOW_BUNDLE)) throw new Error('The workflow bundle is missing. Run `npm run build` first.');
  return { codePath: WORKFLOW_BUNDLE };
}
