import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { importsOf, packageOf } from './imports.mjs';

/** What the package exports, by the modules of dist/ that they are. */
const ENTRIES = { '.': 'client/index', './testing': 'testing/fake-external-api-client' };

export const CLIENT_MODULES = Object.values(ENTRIES).map((name) => `dist/${name}.js`);

/**
 * Makes the package of the client alone: its modules and all that they import, with what these need of the main package's
 * dependencies.
 *
 * @param {string} root of the checkout, built
 * @param {string} target folder that is made anew
 */
export function makeClientPackage(root, target) {
  const { modules, packages } = reachable(join(root, 'dist'), Object.values(ENTRIES));
  rmSync(target, { recursive: true, force: true });
  const copy = (path) => cpSync(join(root, path), join(target, path), { recursive: true });
  const made = modules.flatMap((name) => ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((end) => `dist/${name}${end}`));
  const commonJs = Object.values(ENTRIES).flatMap((name) => [`dist/${name}.cjs`, `dist/${name}.d.cts`]);
  const sources = modules.map((name) => `src/${name}.ts`);
  for (const path of [...made, ...commonJs, ...sources, 'docs', 'CHANGELOG.md']) copy(path);
  mkdirSync(target, { recursive: true });
  const main = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest(main, packages), null, 2)}\n`);
  writeFileSync(join(target, 'README.md'), readme(main));
}

function manifest({ name, version, license, type, engines, dependencies, private: isPrivate }, packages) {
  // The compiler finds types of others' imports too, which no import of ours names.
  const isNeeded = ([dependency]) => packages.has(dependency) || dependency.startsWith('@types/');
  return {
    name: `${name}-client`,
    version,
    description: 'The client of durable-external-api alone: no worker, no native code',
    license,
    private: isPrivate,
    type,
    engines,
    ...entryPoints(ENTRIES),
    dependencies: Object.fromEntries(Object.entries(dependencies).filter(isNeeded)),
  };
}

/** As every way of module resolution finds them. */
function entryPoints(entries) {
  const all = Object.entries(entries);
  const subpaths = all.filter(([path]) => path !== '.');
  return {
    main: `./dist/${entries['.']}.cjs`,
    types: `./dist/${entries['.']}.d.ts`,
    // For `moduleResolution: node10`, which knows no exports.
    typesVersions: { '*': Object.fromEntries(subpaths.map(([path, at]) => [path.slice(2), [`./dist/${at}.d.ts`]])) },
    exports: Object.fromEntries(
      all.map(([path, at]) => [
        path,
        {
          import: { types: `./dist/${at}.d.ts`, default: `./dist/${at}.js` },
          require: { types: `./dist/${at}.d.cts`, default: `./dist/${at}.cjs` },
        },
      ]),
    ),
  };
}

/** The modules that `entries` reach by imports of code or types, as paths without an ending, and the packages. */
function reachable(dist, entries) {
  const modules = new Set();
  const packages = new Set();
  const visit = (name) => {
    if (modules.has(name)) return;
    modules.add(name);
    for (const end of ['.js', '.d.ts']) {
      for (const { specifier } of importsOf(readFileSync(join(dist, name + end), 'utf8'))) {
        if (specifier.startsWith('.')) visit(join(dirname(name), specifier).replace(/\.[jt]s$/, ''));
        else if (!isBuiltin(specifier)) packages.add(packageOf(specifier));
      }
    }
  };
  for (const entry of entries) visit(entry);
  return { modules: [...modules], packages };
}

const readme = ({ name, engines }) => `# ${name}-client

The client of durable requests: \`ExternalApiClient\`, its types and errors, and in \`${name}-client/testing\` one that
needs no server. It is the same as in \`${name}\`, which has the workers, the gateway and the command line too. Node.js
${engines.node}.

Its documentation is [docs/client.md](docs/client.md); what changed is in [CHANGELOG.md](CHANGELOG.md).
`;
