import { ofAnotherVersion, WORKFLOW_VERSION } from '../contract/request.ts';

/** No failure of the request: it waits for its own code, and shows why in its workflow task. */
export function checkVersion({ version }: { version?: number }): void {
  if (version !== WORKFLOW_VERSION) throw new Error(ofAnotherVersion(version));
}
