import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder.mjs';

const CI_RUN = fileURLToPath(new URL('../../.ci/run', import.meta.url));

/** `.ci/run` with an `npm` that runs nothing: `npm test` and `npm run check` end with these codes. */
function ciRun({ tests, check }) {
  const folder = temporaryFolder();
  const npm = `#!/bin/sh
echo "npm $* under CI=$CI"
[ "$1" = test ] && echo "1 passed, 0 failed" && exit ${tests}
exit ${check}
`;
  writeFileSync(join(folder, 'npm'), npm, { mode: 0o755 });
  const { CI: _, ...env } = process.env;
  const { status, stdout } = spawnSync(CI_RUN, { env: { ...env, PATH: `${folder}:${env.PATH}` }, encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n') };
}

test('[N9] .ci/run sets CI, so that a history which records itself is a failure', () => {
  const { status, lines } = ciRun({ tests: 0, check: 0 });
  expect(lines).toEqual([
    'npm test under CI=true',
    '1 passed, 0 failed',
    'npm run check under CI=true',
    '1 passed, 0 failed',
  ]);
  expect(status).toBe(0);
});

test.each([
  { tests: 1, check: 0 },
  { tests: 0, check: 1 },
])('[M20] .ci/run runs both and fails when one does: %o', (codes) => {
  const { status, lines } = ciRun(codes);
  expect(lines).toContain('npm run check under CI=true');
  expect(lines.at(-1)).toBe('1 passed, 0 failed');
  expect(status).toBe(1);
});
