import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EXIT_CODES } from '../src/cli/exit.ts';
import * as client from '../src/client/index.ts';
import { loadWorkerConfig } from '../src/config/worker-config.ts';
import { ERROR_CODES, WAIT_REASONS } from '../src/contract/values.ts';
import { variablesOf } from '../src/profile/credentials.ts';
import { longestTimes } from '../src/worker/longest-times.ts';
import { BUILT_IN } from './helpers/built-in-profile.ts';

const ROOT = new URL('../', import.meta.url);
const PAGES = ['README.md', 'CHANGELOG.md', ...readdirSync(new URL('docs', ROOT)).map((name) => `docs/${name}`)].filter(
  (path) => path.endsWith('.md'),
);

function read(path: string | URL): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

/** The first group of every match, each once and in order. */
function found(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, group]) => group ?? ''))].toSorted();
}

const configuration = read('docs/configuration.md');

/** Names in code style in the first column of a table. */
function documentedVariables(): string[] {
  const firstCells = found(configuration, /^\|([^|]*)\|/gm).join();
  return found(firstCells, /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g).filter((name) => !name.startsWith('TEMPORAL_'));
}

/** The members of the schemas in src/config, the credentials of the built-in provider, and the secrets that may also be files. */
function readVariables(): string[] {
  const schemas = readdirSync(new URL('src/config', ROOT)).filter((name) => name.endsWith('-config.ts'));
  const members = found(
    schemas.map((name) => read(`src/config/${name}`)).join(),
    /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+):/g,
  );
  const credentials = variablesOf(BUILT_IN).calls;
  const secrets = [...credentials, ...found(read('src/config/secret-files.ts'), /'([A-Z][A-Z0-9_]+)'/g)];
  return [...members, ...credentials, ...secrets.map((name) => `${name}_FILE`)].toSorted();
}

test('[M22][M8] docs/configuration.md lists the variables that src/config reads, and no others', () => {
  expect(readVariables().length).toBeGreaterThan(20);
  expect(documentedVariables()).toEqual(readVariables());
});

test("[M22][M8] docs/configuration.md names every TEMPORAL_* variable of Temporal's own loader, and no others", () => {
  const library = new URL('./', import.meta.resolve('@temporalio/envconfig'));
  const sources = readdirSync(library).filter((name) => name.endsWith('.js'));
  const known = found(sources.map((name) => read(new URL(name, library))).join(), /'(TEMPORAL_[A-Z_]+)'/g);
  expect(known).toContain('TEMPORAL_ADDRESS');
  expect(found(configuration, /\b(TEMPORAL_[A-Z_]+)/g)).toEqual(known);
});

test('[M22][C5] the worker in docs/client.md is the one in examples/, which is compiled and run', () => {
  const example = read('examples/own-worker.ts');
  expect(read('docs/client.md')).toContain(example.slice(example.indexOf('import')));
});

test('[M22][M21] docs/operations.md says how long a worker may take to end, as the timeouts make it', () => {
  const operations = read('docs/operations.md');
  const drainSeconds = (timeouts: Parameters<typeof longestTimes>[0]): number => longestTimes(timeouts).drainMs / 1000;
  const { provider } = loadWorkerConfig({
    EXTERNAL_API_BASE_URL: 'https://provider.example',
    EXTERNAL_API_KEY: 'key',
    EXTERNAL_OAUTH_CLIENT_ID: 'client',
    EXTERNAL_OAUTH_CLIENT_SECRET: 'secret',
  });
  const waits = drainSeconds({ connectTimeoutMs: 0, timeoutMs: 0 });
  expect(drainSeconds({ connectTimeoutMs: 3_000, timeoutMs: 4_000 })).toBe(2 * (3 + 4) + waits);
  expect(operations).toContain(
    `2 · (\`EXTERNAL_API_CONNECT_TIMEOUT\` + \`EXTERNAL_API_TIMEOUT\`) + ${waits} s, which is ${drainSeconds(provider)} s with`,
  );
  expect(operations).toMatch(
    new RegExp(`Cancels the rest after ${drainSeconds(provider)} s \\(below\\) +\\| ${drainSeconds(provider) + 10} s `),
  );
});

/** The TypeScript files of a folder, all the way down. */
function sourcesIn(folder: string): string[] {
  const names = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => read(`${folder}/${name}`));
}

test('[M22][M14] docs/operations.md lists the events that the product logs, and no others', () => {
  const logged = found(sourcesIn('src').join(), /\bevent: '(\w+)'/g);
  const [, logs = ''] = read('docs/operations.md').split(/^## (?:Logs|Metrics)$/m);
  expect(logged).toContain('external_api_request');
  expect(found(logs, /^\| `(\w+)`/gm)).toEqual(logged);
});

/** What stands in code style at the start of the rows of the table under a heading, up to the first `(`. */
function firstColumn(page: string, heading: string): string[] {
  const table = page.split(new RegExp(`^#+ ${heading}$`, 'm'))[1]?.split(/^#/m)[0] ?? '';
  return found(table, /^\| `([\w.]+)/gm);
}

test('[M22][C4] docs/client.md has every method and every error of the client, and no others', () => {
  const page = read('docs/client.md');
  const methods = Object.getOwnPropertyNames(client.ExternalApiClient.prototype).filter(
    (name) => name !== 'constructor',
  );
  expect(firstColumn(page, 'Methods')).toEqual(methods.toSorted());
  const errors = Object.entries(client).filter(([, value]) => value.prototype instanceof Error);
  expect(firstColumn(page, 'Errors')).toEqual(errors.map(([name]) => name).toSorted());
});

test('[C4][M22] every error of the client has one base and a code of its own, which docs/client.md has', () => {
  const page = read('docs/client.md');
  const classes = Object.values(client).filter(
    (value) => value !== client.DurableRequestError && value.prototype instanceof client.DurableRequestError,
  );
  const codes = classes.map((Class) => {
    const error = Reflect.construct(Class, [[], '', []]) as client.DurableRequestError;
    expect([error.name, error.type.replace(/^OutcomeUnknown$/, '$&Error')]).toEqual([Class.name, Class.name]);
    expect(page).toMatch(new RegExp(`^\\| \`${error.name}\` +\\| \`${error.code}\` `, 'm'));
    return error.code;
  });
  expect(codes.toSorted()).toEqual(ERROR_CODES.toSorted());
});

test('[C4][M22] docs/client.md has the options and the hooks of the client, and no others', () => {
  const page = read('docs/client.md');
  const known = (options: object): string[] => {
    const refused = (): unknown => client.ExternalApiClient.connect(options);
    expect(refused).toThrow(/There are: |there are: /);
    try {
      refused();
    } catch (error) {
      return (
        /here are: (.*)$/
          .exec((error as Error).message)?.[1]
          ?.split(', ')
          .toSorted() ?? []
      );
    }
    return [];
  };
  const table = page.split('### Options of the client')[1]?.split('###')[0] ?? '';
  const cells = found(table, /^\|([^|]*)\|/gm).join();
  expect(found(cells, /`(\w+)`/g).filter((name) => !['connect', 'new'].includes(name))).toEqual(known({ x: 1 }));
  expect(firstColumn(page, 'Logger and hooks')).toEqual(known({ hooks: { x: 1 } }));
});

test('[M22][N6] docs/client.md says what each reason of a wait means', () => {
  expect(firstColumn(read('docs/client.md'), 'Status')).toEqual(expect.arrayContaining([...WAIT_REASONS]));
});

test('[M22][C4] docs/client.md has the exit codes and their meanings as the help has them', () => {
  const rows = Array.from(read('docs/client.md').matchAll(/^\| (\d+) +\| (.*?) +\|$/gm), ([, code, means]) => [
    Number(code),
    means,
  ]);
  expect(rows).toEqual(EXIT_CODES);
});

test.each(PAGES)('[M22] every link of %s inside the project leads somewhere', (page) => {
  const broken = found(withoutCode(read(page)), /\]\(([^)\s]+)\)/g).filter(
    (target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(target, page),
  );
  expect(broken).toEqual([]);
});

function leadsSomewhere(target: string, page: string): boolean {
  const [path = '', anchor] = target.split('#', 2);
  const file = path === '' ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
  if (!existsSync(fileURLToPath(file))) return false;
  return anchor === undefined || anchorsOf(read(file)).has(anchor);
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(markdown, false).matchAll(/^#+ +(.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Without code blocks, and, where code could look like a link, without code in lines. */
function withoutCode(markdown: string, inline = true): string {
  const text = markdown.replace(/^```.*?^```$/gms, '');
  return inline ? text.replace(/`[^`\n]*`/g, '') : text;
}
