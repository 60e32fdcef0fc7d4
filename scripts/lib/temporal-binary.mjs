import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './paths.mjs';
import { runCommand } from './run-command.mjs';

/** The last version that `go install` accepts. */
const VERSION = '1.5.1';
const MODULE = `github.com/temporalio/cli/cmd/temporal@v${VERSION}`;

const CHOICES = `There is no Temporal server, and none could be obtained. Choose one:
  - install the Temporal CLI, so that "temporal" is on PATH: https://docs.temporal.io/cli/setup-cli
  - install Go (https://go.dev/dl); the server is then built with it, once
  - let this machine reach https://temporal.download; the server is then downloaded, once
  - npm start only: set TEMPORAL_ADDRESS to a server that runs already, such as TEMPORAL_ADDRESS=localhost:7233`;

/**
 * The path of a `temporal` executable that runs: the one on PATH, the cached one, a download by the SDK, or one built
 * with Go; the last two go to the cache.
 *
 * @param {object} options
 * @param {import('./progress.mjs').Progress} options.progress
 * @param {NodeJS.ProcessEnv} [options.env] PATH, XDG_CACHE_HOME
 * @param {string} [options.downloadUrl]
 * @param {readonly string[]} [options.goFolders]
 * @returns {Promise<string>}
 * @throws {Error} with all choices, when there is no way
 */
export async function ensureTemporalBinary({
  progress,
  env = process.env,
  downloadUrl = 'https://temporal.download',
  goFolders = ['/usr/local/go/bin'],
}) {
  const cache = join(cacheFolder(env), `temporal-${VERSION}`);
  const cached = join(cache, 'temporal');

  for (const path of findOnPath('temporal', env)) if (await isTemporal(path)) return path;
  if (existsSync(cached)) {
    if (await isTemporal(cached)) return cached;
    progress.say(`  ${cached} is broken: obtaining it again.`);
    rmSync(cached, { force: true });
  }

  const problems = [];
  for (const obtain of [download, goInstall]) {
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'new-'));
    try {
      const made = await obtain({ folder, env, downloadUrl, goFolders, progress });
      if (!(await isTemporal(made))) throw new Error(`${made} does not run`);
      renameSync(made, cached); // In one step: whoever looks meanwhile finds a whole binary or none.
      return cached;
    } catch (error) {
      problems.push(error.message);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new Error([CHOICES, 'What was tried:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
}

async function download({ folder, env, downloadUrl, progress }) {
  try {
    await fetch(downloadUrl, { method: 'HEAD', signal: AbortSignal.timeout(5_000) });
  } catch (error) {
    throw new Error(`${downloadUrl} cannot be reached (${error.cause?.code ?? error.message})`, { cause: error });
  }
  const script = fileURLToPath(new URL('download-temporal.mjs', import.meta.url));
  await progress.step('Downloading the Temporal server (once)', () =>
    runCommand(process.execPath, [script, folder], { env, timeoutMs: 300_000 }),
  );
  const [file] = readdirSync(folder);
  if (file === undefined) throw new Error('the SDK downloaded nothing');
  return join(folder, file);
}

async function goInstall({ folder, env, goFolders, progress }) {
  const go = [...findOnPath('go', env), ...goFolders.map((path) => join(path, 'go'))].find((path) => existsSync(path));
  if (go === undefined) throw new Error(`go is neither on PATH nor in ${goFolders.join(', ')}`);
  await progress.step('Building the Temporal server with Go (once; on two cores it took 3 to 6 minutes)', () =>
    runCommand(go, ['install', '-ldflags=-s -w', MODULE], { env: { ...env, GOBIN: folder } }),
  );
  return join(folder, 'temporal');
}

function findOnPath(name, env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).filter((path) => existsSync(path));
}

async function isTemporal(path) {
  try {
    return (await runCommand(path, ['--version'], { timeoutMs: 20_000 })).startsWith('temporal version ');
  } catch {
    return false;
  }
}
