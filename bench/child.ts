import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killGroup, spawnTracked } from '#scripts/lib/process-registry.mjs';
import { exitText } from '#scripts/lib/run-command.mjs';

/** A process that answers questions. */
export interface Child<Question, Answer> {
  pid: number;
  /** Asks for one thing at a time. */
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** A file URL. */
  module: string;
  /** Plain data: what {@link childArgs} gives in the child. */
  args: object;
  logFile: string;
}

type Message = { value: unknown } | { error: string };

/**
 * Starts a module as a process of its own, so that its CPU is its own, and waits until it is ready. What it asks and
 * answers is agreed with the module.
 */
export async function startChild<Question = unknown, Answer = unknown>({
  module,
  args,
  logFile,
}: ChildOptions): Promise<Child<Question, Answer>> {
  const log = openSync(logFile, 'w');
  const file = fileURLToPath(module);
  const name = basename(file);
  const child = spawnTracked(process.execPath, [file, JSON.stringify(args)], { stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);

  const { pid } = child;
  const ended = once(child, 'exit');
  if (pid === undefined) throw new Error(`${name} could not be started.`);
  const nextMessage = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void =>
        reject(new Error(`${name} ended (${exitText(code, signal)}). Its log: ${logFile}`));
      child.once('exit', onExit);
      child.once('message', (message: Message) => {
        child.off('exit', onExit);
        if ('error' in message) reject(new Error(`${name} failed: ${message.error}`));
        else resolve(message.value);
      });
    });

  await nextMessage();
  return {
    pid,
    async ask(question) {
      child.send(question as object);
      return (await nextMessage()) as Answer;
    },
    async stop() {
      killGroup(pid, 'SIGKILL');
      await ended;
    },
  };
}

/** The other side: says that it is ready, then answers. It ends with the process that started it. */
export function serve<Question>(answer: (question: Question) => Promise<unknown>): void {
  const tell = (message: Message): void => void process.send?.(message);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (question: Question) => {
    answer(question).then(
      (value) => tell({ value }),
      (error: unknown) => tell({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  tell({ value: 'ready' });
}

/** What {@link startChild} was given as `args`. */
export function childArgs<Args>(): Args {
  return JSON.parse(process.argv[2] ?? '') as Args;
}
