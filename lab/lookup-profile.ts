import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadProfile } from 'durable-external-api/worker';
import { BUILT_IN_PROVIDER } from '#product/contract/names.js';
import { pathOfShipped } from '#product/profile/load-profile.js';
import { LATEST_ARRIVAL_MS } from './provider-faults.ts';

/** The provider of a run in mode `lookup`. */
export const LOOKUP_PROVIDER = 'lab-lookup';

/**
 * The fake provider lists a work as soon as it has it, so this need only be longer than a submit may be on its way: the
 * latest of its faults, and some seconds. What a frozen worker holds back is not on its way: thawed, it asks again first.
 */
const COMPLETE_AFTER = LATEST_ARRIVAL_MS / 1000 + 4;

/** The built-in profile, which can also be asked what became of a submit. @returns the path of its file */
export function writeLookupProfile(folder: string): string {
  const builtIn = readFileSync(pathOfShipped(BUILT_IN_PROVIDER), 'utf8');
  const file = join(folder, `${LOOKUP_PROVIDER}.yaml`);
  writeFileSync(file, builtIn.replace(/^name: .*$/m, `name: ${LOOKUP_PROVIDER}`) + lookup(COMPLETE_AFTER));
  loadProfile(file); // A mistake in it is the lab's, and told here.
  return file;
}

function lookup(completeAfter: number): string {
  return `lookup:
  call: GET /requests{?key}
  vars: { key: requestId }
  items: /requests
  match: /idempotency_key
  id: /request_id
  completeAfter: ${completeAfter}
`;
}
