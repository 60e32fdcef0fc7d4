import { join } from 'node:path';
import { startTemporalServer } from '../temporal-server.mjs';
import { startBackgroundProcess } from './background-process.mjs';
import { ROOT } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { waitUntilReady } from './wait-until-ready.mjs';

const CLI = join(ROOT, 'dist', 'cli', 'main.js');

/**
 * The demo's processes: each is started when the one before it is ready, and they end in the reverse order.
 *
 * @param {{ progress: object, ports: Record<string, number>, env: NodeJS.ProcessEnv, dataFolder: string, temporalBinary: string | null, folder: string }} options
 *   `temporalBinary`: null when the environment names a server; `ports.fakeProvider`: absent when another provider is called
 */
export function createDemoProcesses({ progress, ports, env, dataFolder, temporalBinary, folder }) {
  const started = [];
  let stopping = false;
  let reportDeath;
  /** Rejects when a process ends that nobody asked to. */
  const death = new Promise((_, reject) => (reportDeath = reject));
  death.catch(() => {}); // Whoever races it will see it.

  const logFile = (name) => join(dataFolder, 'logs', `${name}.log`);

  function watch(process) {
    started.push(process);
    void process.ended.then((end) => {
      if (!stopping) reportDeath(new Error(end));
    });
  }

  async function startCommand(title, command, args, readyUrl) {
    const name = command.replace('-', ' ');
    await progress.step(title, async () => {
      watch(
        startBackgroundProcess({
          name,
          command: process.execPath,
          args: [CLI, command, ...args],
          logFile: logFile(command),
          cwd: folder,
          env,
        }),
      );
      await Promise.race([waitUntilReady(readyUrl), death]);
    });
  }

  return {
    death,

    async start() {
      if (temporalBinary !== null) {
        await progress.step(`Temporal server on port ${ports.temporal}`, async () => {
          const dbFilename = join(dataFolder, 'temporal.db');
          const server = { binary: temporalBinary, port: ports.temporal, uiPort: ports.temporalUi, dbFilename };
          watch({
            ...(await startTemporalServer({ ...server, logFile: logFile('temporal') })),
            name: 'Temporal server',
          });
        });
      }
      const local = (port, path) => `http://127.0.0.1:${port}${path}`;
      await progress.step('Search attributes and retention (setup)', () =>
        runCommand(process.execPath, [CLI, 'setup'], { cwd: ROOT, env, timeoutMs: 60_000 }),
      );
      if (ports.fakeProvider !== undefined) {
        const fakeArgs = ['--host', '127.0.0.1', '--port', `${ports.fakeProvider}`];
        const fakeReady = local(ports.fakeProvider, '/_control/health');
        await startCommand(`Fake provider on port ${ports.fakeProvider}`, 'fake-provider', fakeArgs, fakeReady);
      }
      await startCommand('Worker', 'worker', [], local(ports.metrics, '/readyz'));
      await startCommand(`Gateway on port ${ports.gateway}`, 'gateway', [], local(ports.gateway, '/readyz'));
    },

    /** Ends all, the last one started first, so that each can still reach what it needs. */
    async stop() {
      stopping = true;
      for (const each of started.toReversed()) await progress.step(`Stopping the ${each.name}`, () => each.stop());
    },
  };
}
