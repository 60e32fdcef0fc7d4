import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadProfile } from '../../src/profile/load-profile.ts';
import { ProfileError } from '../../src/profile/profile-error.ts';
import { GOOD } from './good-profile.ts';

const folder = mkdtempSync(join(tmpdir(), 'external-api-profile-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('files', () => {
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  test('[N13] a profile is found by its path, or by the name of a shipped one', () => {
    expect(loadProfile(write('good.yaml', GOOD)).name).toBe('example');
    expect(loadProfile(write('bom.yaml', `\uFEFF${GOOD}`)).name).toBe('example');
    expect(loadProfile('replicate').name).toBe('replicate');
  });

  test.each<[what: string, path: () => string, says: RegExp]>([
    [
      'a name that nobody ships',
      () => 'replicat',
      /^replicat cannot be used as a profile:\n {2}replicat is not the name of a shipped profile \(did you mean replicate\), and no path: write \.\/replicat for a file$/,
    ],
    ['a name like no other', () => 'qqqqqqqq', /\(there are adobe-pdf-services, anthropic-batches, /],
    ['a file that is not there', () => join(folder, 'none.yaml'), /none\.yaml cannot be read: there is no such file$/],
    ['a folder', () => `${folder}/`, /cannot be read: it is a directory$/],
    ['Latin-1', () => write('latin1.yaml', Buffer.from(`# caf\u00e9\n${GOOD}`, 'latin1')), /is not UTF-8 text$/],
    [
      'too much',
      () => write('large.yaml', `${GOOD}#${'x'.repeat(300_000)}`),
      /has \d+ bytes: expected at most 262144$/,
    ],
  ])('[N13] %s', (_, path, says) => {
    expect(() => loadProfile(path())).toThrow(says);
    expect(() => loadProfile(path())).toThrow(ProfileError);
  });

  test.each(['../package', '..', '.', '', 'profiles/replicate', 'replicate\0', '__proto__', 'toString'])(
    '[N8][N13] %j is no way out of the folder of shipped profiles',
    (name) => {
      expect(() => loadProfile(name)).toThrow(ProfileError);
    },
  );
});
