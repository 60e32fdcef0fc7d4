import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { DATA_FOLDER, ROOT } from '../../scripts/lib/paths.mjs';

const CONSUMERS = fileURLToPath(new URL('consumers', import.meta.url));

/** Many services are not on the newest yet. */
const OLDER_TYPESCRIPT = '5.9.3';

const COMPILERS = { 5: 'node_modules/typescript/bin/tsc', 7: join(ROOT, 'node_modules/typescript/bin/tsc') };

const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  esModuleInterop: true,
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
};

/**
 * A service's project, with the client's package installed by npm, and the whole package unpacked beside it, which finds its
 * other dependencies in this checkout: to install them too takes most of a minute.
 */
export async function scratchProject() {
  mkdirSync(DATA_FOLDER, { recursive: true });
  const folder = mkdtempSync(join(DATA_FOLDER, 'scratch-'));
  const run = (command, ...args) => runIn(folder, command, args);
  // Its last line; what `prepack` says comes before.
  const pack = async (what) =>
    (await runIn(what, 'npm', ['pack', '--pack-destination', folder])).stdout.trim().split('\n').at(-1);
  const whole = await pack(ROOT);
  const client = await pack(join(DATA_FOLDER, 'client-package'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'service', private: true, type: 'module' }));

  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  const installed = await run('npm', 'install', ...options, `./${client}`, `typescript@${OLDER_TYPESCRIPT}`);
  const bytes = bytesIn(join(folder, 'node_modules')) - bytesIn(join(folder, 'node_modules/typescript'));
  const unpacked = join(folder, 'node_modules/durable-external-api');
  mkdirSync(unpacked);
  await run('tar', '-xzf', whole, '-C', unpacked, '--strip-components', '1');
  cpSync(CONSUMERS, folder, { recursive: true });

  return {
    /** What npm said when it installed the client's package, and the size of all that it brought. */
    client: { said: installed.stderr + installed.stdout, bytes },
    path: (...parts) => join(folder, ...parts),
    /** Compiles files strictly, all declarations checked. @param {5 | 7} typescript */
    compile: (typescript, compilerOptions, files) => {
      const config = `tsconfig.${typescript}.${compilerOptions.moduleResolution}.${basename(files[0])}.json`;
      const all = JSON.stringify({ compilerOptions: { ...STRICT, ...compilerOptions }, files });
      writeFileSync(join(folder, config), all);
      return run('node', COMPILERS[typescript], '-p', config);
    },
    run,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** @returns what it wrote. @throws Error with that when it fails */
async function runIn(cwd, command, args) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (${code}):\n${stdout}${stderr}`);
  return { stdout, stderr };
}

function bytesIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
