import { closeSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitText } from '../../../scripts/lib/run-command.mjs';
import { killGroup, spawnTracked } from '../../../scripts/lib/process-registry.mjs';

/**
 * Starts a module of the bench as a process of its own, so that its CPU is its own, and waits until it is ready.
 *
 * @param {{ module: string, args: object, logFile: string }} options `module` as a file URL
 */
export async function startChild({ module, args, logFile }) {
  const log = openSync(logFile, 'w');
  const file = fileURLToPath(module);
  const name = basename(file);
  const child = spawnTracked(process.execPath, [file, JSON.stringify(args)], { stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);

  const ended = new Promise((resolve) => child.once('exit', resolve));
  const nextMessage = () =>
    new Promise((resolve, reject) => {
      const onExit = (code, signal) =>
        reject(new Error(`${name} ended (${exitText(code, signal)}). Its log: ${logFile}`));
      child.once('exit', onExit);
      child.once('message', ({ value, error }) => {
        child.off('exit', onExit);
        if (error === undefined) resolve(value);
        else reject(new Error(`${name} failed: ${error}`));
      });
    });

  await nextMessage();
  return {
    pid: child.pid,
    /** Asks for one thing at a time. */
    ask(question) {
      child.send(question);
      return nextMessage();
    },
    async stop() {
      killGroup(child.pid, 'SIGKILL');
      await ended;
    },
  };
}

/** The other side: says that it is ready, then answers. It ends with the process that started it. */
export function serve(answer) {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (question) => {
    answer(question).then(
      (value) => process.send({ value }),
      (error) => process.send({ error: error.stack ?? String(error) }),
    );
  });
  process.send({ value: 'ready' });
}

/** What {@link startChild} was given as `args`. */
export const childArgs = () => JSON.parse(process.argv[2]);
