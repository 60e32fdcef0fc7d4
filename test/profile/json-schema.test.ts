import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { profileJsonSchema } from '../../src/profile/json-schema.ts';
import { pathOfShipped, shippedProfiles } from '../../src/profile/load-profile.ts';
import { profileSchema } from '../../src/profile/schema.ts';
import { changed, GOOD } from './good-profile.ts';

const schema = z.fromJSONSchema(profileJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
const accepts = (text: string): boolean => schema.safeParse(parse(text)).success;

test.each(shippedProfiles())('[N13] the JSON Schema takes %s as it stands in the file', (name) => {
  expect(accepts(readFileSync(pathOfShipped(name), 'utf8'))).toBe(true);
});

describe('an editor that has the JSON Schema sees', () => {
  test.each<[what: string, text: string]>([
    ['a misspelt member', changed('poll:', 'pol:')],
    ['a misspelt member of a step', changed("'GET /jobs/{id}'", "'GET /jobs/{id}', evry: 1")],
    ['a missing member', changed(/submit: .*\n/, '')],
    ['a foreign variable', changed('EXTERNAL_API_KEY', 'REDIS_URL')],
    ['a wrong method', changed('POST /jobs', 'HEAD /jobs')],
    ['a wrong word of a choice', changed('repeat: none', 'repeat: always')],
    ['a place that is none', changed('id: /id', 'id: id')],
    ['an origin without TLS', `${GOOD}result: { call: GET /x, origins: ['http://files.example.com'] }`],
  ])('[N13] %s', (_, text) => {
    expect(accepts(GOOD)).toBe(true);
    expect(accepts(text)).toBe(false);
  });
});

test('[N13] it says of each member what it is for', () => {
  const { properties } = profileJsonSchema() as { properties: Record<string, { description?: string }> };
  expect(Object.keys(properties)).toEqual(Object.keys(profileSchema.shape));
  expect(Object.values(properties).filter(({ description }) => description === undefined)).toEqual([]);
});
