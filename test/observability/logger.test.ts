import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';

function lineOf(object: object): Record<string, unknown> {
  const lines: string[] = [];
  createLogger({ level: 'info', name: 'worker' }, { write: (line) => void lines.push(line) }).warn(
    object,
    'what happened',
  );
  return JSON.parse(lines.join(''));
}

test('[M14] a log line has its level as a word and its time as an ISO timestamp', () => {
  const line = lineOf({ event: 'x' });
  expect(line).toEqual({
    level: 'warn',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    name: 'worker',
    event: 'x',
    msg: 'what happened',
  });
});

test.each([
  { authorization: 'canary' },
  { Authorization: 'canary' },
  { 'x-api-key': 'canary' },
  { headers: { authorization: 'canary' } },
  { headers: { 'X-API-Key': 'canary' } },
  { req: { headers: { 'x-api-key': 'canary' } } },
  { body: { client_secret: 'canary', access_token: 'canary' } },
  { err: { authorization: 'canary' } },
])('[N7] a credential that gets into a log line does not get out: %j', (object) => {
  expect(JSON.stringify(lineOf(object))).not.toContain('canary');
});
