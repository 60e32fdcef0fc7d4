import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BackgroundProcess, startBackgroundProcess } from '#scripts/lib/background-process.mjs';
import { ROOT } from '#scripts/lib/paths.mjs';
import { killGroup } from '#scripts/lib/process-registry.mjs';
import { waitUntilReady } from '#scripts/lib/wait-until-ready.mjs';

const CLI = join(ROOT, 'dist', 'cli', 'main.js');
const READY_WITHIN_MS = 120_000;
const REVIVE_AFTER_MS = 500;

export interface ServiceOptions {
  name: string;
  /** Of the command line. */
  args: string[];
  env: NodeJS.ProcessEnv;
  /** For logs. */
  folder: string;
  readyUrl: string;
  /** Whether it may end by itself now; a supervisor would start it again. Default: never. */
  mayEnd?: () => boolean;
  /** When it ended and may not. */
  onDeath: (end: string) => void;
}

/**
 * One process of the product under a supervisor: it is killed on purpose and started again, on the same port, each life
 * with a log of its own.
 */
export class Service {
  isReady = false;
  isFrozen = false;
  #lives = 0;
  #process: BackgroundProcess | null = null;
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Resolves when it is ready, or was ended before. */
  async start(): Promise<void> {
    const { name, args, env, folder, readyUrl } = this.#options;
    const logFile = join(folder, `${name}-${++this.#lives}.log`);
    const command = { name, command: process.execPath, args: [CLI, ...args], logFile, cwd: ROOT, env };
    const life = startBackgroundProcess(command);
    this.#process = life;
    this.isFrozen = false;
    const ended = life.ended.then((end) => this.#onEnd(life, end));
    await Promise.race([waitUntilReady(readyUrl, READY_WITHIN_MS), ended]);
    this.isReady = this.#process === life;
  }

  /** Ends it and starts it again. Resolves as `start` does. */
  async restart(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    await this.end(signal);
    await this.start();
  }

  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const life = this.#process;
    if (life === null) return;
    this.#process = null;
    this.isReady = false;
    this.isFrozen = false;
    await (signal === 'SIGKILL' ? life.kill() : life.stop());
  }

  /** It keeps its connections, and answers nothing. @returns its pid */
  freeze(): number {
    const pid = this.#pid();
    this.isFrozen = true;
    killGroup(pid, 'SIGSTOP');
    return pid;
  }

  /** Nothing, when it was ended meanwhile. */
  resume(): void {
    if (!this.isFrozen) return;
    killGroup(this.#pid(), 'SIGCONT');
    this.isFrozen = false;
  }

  #pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error(`${this.#options.name} does not run.`);
    return pid;
  }

  #onEnd(life: BackgroundProcess, end: string): void {
    if (this.#process !== life) return;
    this.#process = null;
    this.isReady = false;
    const { mayEnd, onDeath } = this.#options;
    if (!mayEnd?.()) return onDeath(end);
    delay(REVIVE_AFTER_MS)
      .then(() => this.start())
      .catch((error: unknown) => onDeath(String(error)));
  }
}
