import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { profileJsonSchema } from '../../src/profile/json-schema.ts';
import { profileOf, shippedProfiles } from '../../src/profile/load-profile.ts';

const page = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8');

/** The first two cells of the rows of the table under a heading. */
function rowsUnder(heading: string): [string, string][] {
  const [, section = ''] = page.split(new RegExp(`^## ${heading}$`, 'm'));
  const [table = ''] = section.split(/^## /m);
  return Array.from(table.matchAll(/^\| `([\w.-]+)` +\| (.*?) +\|$/gm), ([, name = '', says = '']) => [name, says]);
}

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}

/** Every member that has a description, each kind once: the steps have many in common. */
function membersOf(schema: Schema, path: string, seen = new Set<string>()): [string, string][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const { description = '', items = {}, anyOf = [] } = member;
    const key = `${name} ${description}`;
    const own: [string, string][] = description === '' || seen.has(key) ? [] : [[path + name, description]];
    seen.add(key);
    // `read` has what `reply` has.
    const inner = name === 'read' ? [] : [member, items, ...anyOf];
    return [...own, ...inner.flatMap((one) => membersOf(one, `${path}${name}.`, seen))];
  });
}

test('[N13][M22] docs/providers.md has every member of a profile as the JSON Schema has it, and no others', () => {
  const members = membersOf(profileJsonSchema(), '');
  expect(members.length).toBeGreaterThan(50);
  expect(rowsUnder('Members')).toEqual(members);
});

test('[N13][M22] docs/providers.md lists the shipped profiles, and no others', () => {
  expect(rowsUnder('Shipped profiles').map(([name]) => name)).toEqual(shippedProfiles());
});

test('[N13][M22] the profile that docs/providers.md arrives at has no mistakes', () => {
  const [, yaml = ''] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];
  expect(profileOf(yaml, 'sceneworks.yaml').name).toBe('sceneworks');
});
