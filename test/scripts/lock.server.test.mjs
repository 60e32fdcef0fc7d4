import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gatewayKey, openDataFolder } from '../../scripts/lib/data-folder.mjs';
import { tryLock } from '../../scripts/lib/lock.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

const DEAD = spawnSync(process.execPath, ['-e', '']).pid;

it('[M21] a lock has one owner, whose pid the others learn', () => {
  const path = join(temporaryFolder(), 'x.lock');
  const lock = tryLock(path);
  expect(tryLock(path)).toEqual({ heldBy: process.pid });
  lock.release();
  expect(tryLock(path)).toHaveProperty('release');
});

it.each([
  ['a process that has died', `${DEAD}`],
  ['an earlier process that had our pid', `${process.pid}`],
  ['nobody who can be told', ''],
])('[M21] the lock of %s is taken over', (_, content) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'x.lock'), content);
  const lock = tryLock(join(folder, 'x.lock'));
  expect(lock).toHaveProperty('release');
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

it('[M21] the lock of another living process is respected', () => {
  const path = join(temporaryFolder(), 'x.lock');
  writeFileSync(path, `${process.ppid}`);
  expect(tryLock(path)).toEqual({ heldBy: process.ppid });
});

it('[M21] a second copy of one checkout gets a data folder of its own, and says so', () => {
  const folder = join(temporaryFolder(), '.data');
  const said = [];
  const first = openDataFolder(folder, (line) => said.push(line));
  const second = openDataFolder(folder, (line) => said.push(line));
  first.release();
  second.release();
  expect([first.path, second.path]).toEqual([folder, join(folder, 'copy-2')]);
  expect(said.join('\n')).toContain(`${folder} is in use by process ${process.pid}`);
});

it("[M17] a data folder's gateway key is random, kept, and given to the gateway as its SHA-256 only", () => {
  const [one, other] = [temporaryFolder(), temporaryFolder()];
  const made = gatewayKey(one);
  expect(gatewayKey(one)).toEqual(made);
  expect(gatewayKey(other).key).not.toBe(made.key);
  expect(made.sha256).toMatch(/^[0-9a-f]{64}$/);
});
