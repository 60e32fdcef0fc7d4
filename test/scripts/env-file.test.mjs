import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEnvFile } from '../../scripts/lib/env-file.mjs';

let folder;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'env-file-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function envFile(text, mode = 0o600) {
  const path = join(folder, '.env');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

it('[M21][N13] an env file is read as node --env-file reads it: comments, quotes, several lines, export, CRLF, BOM', () => {
  const text = [
    '\uFEFF# of the vendor',
    'PLAIN=a',
    'export EXPORTED = b # a comment',
    '',
    `SINGLE='a # and "more"'`,
    'DOUBLE="a=b"',
    'EMPTY=',
    'BLANKED= # nothing',
    'PEM="-----BEGIN-----',
    'abc=',
    '-----END-----"',
    'TWICE=1',
    'TWICE=2',
  ].join('\r\n');
  const { variables, warning } = readEnvFile(envFile(text));
  expect(variables).toEqual({
    PLAIN: 'a',
    EXPORTED: 'b',
    SINGLE: 'a # and "more"',
    DOUBLE: 'a=b',
    EMPTY: '',
    BLANKED: '',
    PEM: expect.stringMatching(/^-----BEGIN-----\r?\nabc=\r?\n-----END-----$/),
    TWICE: '2',
  });
  expect(warning).toBeNull();
});

it.each([
  ['a line that is none', 'A=1\ncanary\nB=2', ':2 expected NAME=value'],
  ['YAML', 'A: canary', ':1 expected NAME=value'],
  ['a name that is none', '1A=canary', ':1 expected NAME=value'],
  ['no name', '=canary', ':1 expected NAME=value'],
  ['a quote that is not closed', 'A=1\nKEY="canary\nB=2', ':2 KEY: the quote at its beginning is closed nowhere'],
  ['a value with a #', 'KEY=canary#1', ':1 KEY: its value would end before the #'],
  ['a value that begins with #', 'KEY=#canary', ':1 KEY: its value would end before the #'],
])('[M21][N7] %s is told with its line, and never its text', (_, text, told) => {
  const path = envFile(text);
  expect(() => readEnvFile(path)).toThrow(`${path}${told}`);
  expect(() => readEnvFile(path)).not.toThrow('canary');
});

it('[M21] every line that is wrong is told at once', () => {
  expect(() => readEnvFile(envFile('a\nA=1\nb'))).toThrow(/:1 expected[^]*:3 expected/);
});

it.each([
  [0o644, true],
  [0o640, true],
  [0o600, false],
  [0o400, false],
])('[M21][N7] an env file of mode %o that others can read is warned of: %s', (mode, warned) => {
  const path = envFile('A=1', mode);
  expect(readEnvFile(path).warning).toBe(warned ? `Others on this machine can read ${path}: chmod 600 ${path}` : null);
});

it('[M21] a file that is not there, and a folder, are told by name', () => {
  expect(() => readEnvFile(join(folder, 'none'))).toThrow(
    `--env-file ${join(folder, 'none')} cannot be read: there is no such file.`,
  );
  expect(() => readEnvFile(folder)).toThrow('cannot be read: it is a directory.');
});
