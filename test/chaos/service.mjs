import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startBackgroundProcess } from '../../scripts/lib/background-process.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { killGroup } from '../../scripts/lib/process-registry.mjs';
import { waitUntilReady } from '../../scripts/lib/wait-until-ready.mjs';

const CLI = join(ROOT, 'dist', 'cli', 'main.js');
const READY_WITHIN_MS = 120_000;
const REVIVE_AFTER_MS = 500;

/**
 * One process of the product under a supervisor: it is killed on purpose and started again, on the same port, each life
 * with a log of its own.
 */
export class Service {
  lives = 0;
  isReady = false;
  isFrozen = false;
  #process = null;
  #options;

  /**
   * @param {object} options
   * @param {string} options.name
   * @param {string[]} options.args of the command line
   * @param {NodeJS.ProcessEnv} options.env
   * @param {string} options.folder for logs
   * @param {string} options.readyUrl
   * @param {() => boolean} [options.mayEnd] whether it may end by itself now; a supervisor would start it again
   * @param {(end: string) => void} options.onDeath when it ended and may not
   */
  constructor(options) {
    this.#options = { mayEnd: () => false, ...options };
  }

  /** Resolves when it is ready, or was ended before. */
  async start() {
    const { name, args, env, folder, readyUrl } = this.#options;
    const logFile = join(folder, `${name}-${++this.lives}.log`);
    const command = { name, command: process.execPath, args: [CLI, ...args], logFile, cwd: ROOT, env };
    const life = startBackgroundProcess(command);
    this.#process = life;
    this.isFrozen = false;
    const ended = life.ended.then((end) => this.#onEnd(life, end));
    await Promise.race([waitUntilReady(readyUrl, READY_WITHIN_MS), ended]);
    this.isReady = this.#process === life;
  }

  /** Ends it and starts it again. Resolves as `start` does. */
  async restart(signal = 'SIGKILL') {
    await this.end(signal);
    await this.start();
  }

  async end(signal = 'SIGKILL') {
    const life = this.#process;
    if (life === null) return;
    this.#process = null;
    this.isReady = false;
    await (signal === 'SIGKILL' ? life.kill() : life.stop());
  }

  /** It keeps its connections, and answers nothing. @returns {number} its pid */
  freeze() {
    const { pid } = this.#process;
    this.isFrozen = true;
    killGroup(pid, 'SIGSTOP');
    return pid;
  }

  resume() {
    killGroup(this.#process.pid, 'SIGCONT');
    this.isFrozen = false;
  }

  #onEnd(life, end) {
    if (this.#process !== life) return;
    this.#process = null;
    this.isReady = false;
    const { mayEnd, onDeath } = this.#options;
    if (!mayEnd()) return onDeath(end);
    delay(REVIVE_AFTER_MS)
      .then(() => this.start())
      .catch((error) => onDeath(error.message));
  }
}
