import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/**
 * Every process that we start, so that none is left behind. Each leads a process group of its own: Ctrl-C in a
 * terminal reaches us alone, and we decide the order in which they end.
 *
 * @type {Set<import('node:child_process').ChildProcess>}
 */
const running = new Set();

/** @type {import('node:child_process').ChildProcess | null} */
let guard = null;
let closed = false;

/**
 * As `child_process.spawn`; refuses after {@link killAll}, so that work which is being abandoned starts nothing new.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function spawnTracked(command, args, options = {}) {
  if (closed) throw new Error(`${command} was not started, because we are stopping`);
  const env = { ...(options.env ?? process.env), [STARTED_BY]: mark };
  tellGuard('?');
  let child;
  try {
    child = spawn(command, args, { ...options, env, detached: true });
  } catch (error) {
    tellGuard('!');
    throw error;
  }
  const { pid } = child;
  if (pid === undefined) {
    tellGuard('!');
    return child; // It could not be started: 'error' follows.
  }
  running.add(child);
  tellGuard(`+ ${pid}`);
  child.once('exit', () => {
    running.delete(child);
    tellGuard(`- ${pid}`);
  });
  return child;
}

/**
 * Sends `signal` to the process and to all that it started. False when they are gone already.
 *
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 * @returns {boolean}
 */
export function killGroup(pid, signal) {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** Kills all that still runs, and lets nothing new start. */
export function killAll() {
  closed = true;
  for (const { pid } of running) if (pid !== undefined) killGroup(pid, 'SIGKILL');
}

/** In the environment of what we start: by it the guard finds a process that we died before we could tell it of. */
const STARTED_BY = 'STARTED_BY';
const mark = randomUUID();

// Told of every process through a pipe, and before of each that one comes. When the pipe closes and some are left, we died
// without cleaning up.
const GUARD = `
pids=" "
while read -r change pid; do
  case $change in
    "?") coming=1 ;;
    "!") coming= ;;
    +) coming= pids="$pids$pid " ;;
    -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -s KILL -- "-$pid" 2>/dev/null; done
if [ -n "$coming" ]; then
  sleep 1
  for pid in $(ps axeww -o pid= -o command= | MARK="${mark}" awk 'index($0, "${STARTED_BY}=" ENVIRON["MARK"]) { print $1 }'); do
    kill -s KILL "$pid" 2>/dev/null
  done
fi
`;

function tellGuard(line) {
  if (guard === null) {
    guard = spawn('/bin/sh', ['-c', GUARD], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    guard.on('error', () => {});
    guard.stdin?.on('error', () => {});
    guard.unref();
    guard.stdin?.unref?.();
  }
  guard.stdin?.write(`${line}\n`);
}
