import { runCommand } from './run-command.mjs';

const CHOICES = `A Redis server is needed, and none could be obtained. Choose one:
  - apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS)
  - any other way that puts "redis-server" on PATH: https://redis.io/docs/latest/operate/oss_and_stack/install`;

const APT = [
  // A fresh machine has no package lists.
  ['apt-get', 'update'],
  ['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'],
];

/** Commands one after the other, by the way that they are. */
const WAYS = {
  'apt-get': APT,
  'sudo apt-get': APT.map((command) => ['sudo', '-n', ...command]),
  brew: [['brew', 'install', 'redis']],
};

/**
 * Makes sure that `redis-server` is on PATH: installs it with the system's package manager if it is not.
 *
 * @param {import('./progress.mjs').Progress} progress
 * @param {NodeJS.ProcessEnv} [env]
 * @throws {Error} with all choices, when there is no way
 */
export async function ensureRedisServer(progress, env = process.env) {
  if (await isThere(env)) return;
  const problems = [];
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const [way, commands] of Object.entries(WAYS)) {
    try {
      await progress.step(`Installing redis-server (${way})`, async () => {
        for (const [command, ...args] of commands) await runCommand(command, args, { env: quiet, timeoutMs: 300_000 });
      });
      if (await isThere(env)) return;
      problems.push(`${way} installed it, but redis-server is not on PATH`);
    } catch (error) {
      problems.push(error.message);
    }
  }
  throw new Error([CHOICES, ...problems.map((problem) => `  tried: ${problem}`)].join('\n'));
}

async function isThere(env) {
  try {
    await runCommand('redis-server', ['--version'], { env, timeoutMs: 10_000 });
    return true;
  } catch {
    return false;
  }
}
