import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';
import { problemsOf, REQUIRED } from './good-variables.ts';

describe('secret files', () => {
  let folder: string;
  const path = (name: string, content?: string) => {
    if (content !== undefined) writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('[M17] a secret may be a file, whose last line break is dropped', () => {
    const { provider } = loadWorkerConfig({
      ...REQUIRED,
      EXTERNAL_API_KEY: undefined,
      EXTERNAL_API_KEY_FILE: path('key', 'from-file\n'),
      EXTERNAL_OAUTH_CLIENT_SECRET: '',
      EXTERNAL_OAUTH_CLIENT_SECRET_FILE: path('secret', 'other\r\n'),
    });
    expect([provider.credentials['apiKey'], provider.credentials['clientSecret']]).toEqual(['from-file', 'other']);
  });

  test('[M17] a secret given twice is refused', () => {
    expect(problemsOf({ EXTERNAL_API_KEY_FILE: path('twice', 'x') })).toEqual([
      { variable: 'EXTERNAL_API_KEY', problem: expect.stringContaining('EXTERNAL_API_KEY_FILE') },
    ]);
  });

  test('[M17] a file that is missing or empty is named by variable and path, once', () => {
    for (const file of [path('missing'), path('empty', '\n')]) {
      expect(problemsOf({ EXTERNAL_API_KEY: undefined, EXTERNAL_API_KEY_FILE: file })).toEqual([
        { variable: 'EXTERNAL_API_KEY_FILE', problem: expect.stringContaining(file) },
      ]);
    }
  });

  test('[N7] a secret that stands where the path of its file belongs is not repeated', () => {
    for (const secret of ['canary-key', 'redis://:canary@127.0.0.1:6379']) {
      const problems = problemsOf({ EXTERNAL_API_KEY: undefined, EXTERNAL_API_KEY_FILE: secret });
      expect(problems).toMatchObject([{ variable: 'EXTERNAL_API_KEY_FILE' }]);
      expect(JSON.stringify(problems)).not.toContain('canary');
    }
  });

  test('[M17][N7] a file with unusable content is named without its content', () => {
    const problems = problemsOf({ EXTERNAL_API_KEY: undefined, EXTERNAL_API_KEY_FILE: path('bad', 'canary\nx') });
    expect(problems).toMatchObject([{ variable: 'EXTERNAL_API_KEY' }]);
    expect(JSON.stringify(problems)).not.toContain('canary');
  });
});
