import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackgroundProcess } from '../../../scripts/lib/background-process.mjs';
import { emptyTemporalConfig } from '../../../scripts/lib/data-folder.mjs';
import { ROOT } from '../../../scripts/lib/paths.mjs';
import { freePort } from '../../../scripts/lib/ports.mjs';
import { runCommand } from '../../../scripts/lib/run-command.mjs';
import { waitUntilReady } from '../../../scripts/lib/wait-until-ready.mjs';
import { startTemporalServer } from '../../../scripts/temporal-server.mjs';
import { startChild } from './child.mjs';
import { MAX_CONNECTIONS } from './work.mjs';

const CLI = join(ROOT, 'dist', 'cli', 'main.js');
const BUNDLE = join(ROOT, 'dist', 'workflow-bundle.js');
const CREDENTIALS = { apiKey: 'bench-key', clientId: 'bench-client', clientSecret: 'bench-secret' };

/**
 * The processes of a run, each started when it is first asked for: nothing runs beside a section that does not need it.
 *
 * @param {{ folder: string, temporalBinary: () => Promise<string>, progress: object }} options `folder` for logs and bundles
 */
export function createStack({ folder, temporalBinary, progress }) {
  const started = [];
  const logFile = (name) => join(folder, `${name}.log`);
  const environment = {
    PATH: process.env.PATH,
    EXTERNAL_API_KEY: CREDENTIALS.apiKey,
    EXTERNAL_OAUTH_CLIENT_ID: CREDENTIALS.clientId,
    EXTERNAL_OAUTH_CLIENT_SECRET: CREDENTIALS.clientSecret,
  };

  /** Starts a part once, tells so, and keeps it for the end. */
  function part(title, start) {
    let promise;
    return () => (promise ??= progress.step(title, start));
  }

  function keep(process) {
    started.push(process);
    return process;
  }

  async function startCommand(command, args, env, readyUrl) {
    const options = { name: command, command: process.execPath, args: [CLI, command, ...args], cwd: ROOT };
    const running = keep(startBackgroundProcess({ ...options, env, logFile: logFile(command) }));
    const failed = running.ended.then((end) => Promise.reject(new Error(end)));
    await Promise.race([waitUntilReady(readyUrl), failed]);
    return running;
  }

  const provider = part('Fake provider, without its rate limit', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const args = ['--port', `${port}`, '--rate-limit', '0', '--job-duration', '0'];
    const { pid } = await startCommand('fake-provider', args, environment, `${url}/_control/health`);
    return { pid, url, ...CREDENTIALS };
  });

  const temporal = part('Temporal server, SQLite in memory', async () => {
    const binary = await temporalBinary();
    return keep(await startTemporalServer({ binary, logFile: logFile('temporal') }));
  });

  const worker = part('Worker', async () => {
    const port = await freePort();
    const env = {
      ...environment,
      TEMPORAL_ADDRESS: (await temporal()).address,
      TEMPORAL_CONFIG_FILE: emptyTemporalConfig(folder),
      EXTERNAL_API_BASE_URL: (await provider()).url,
      EXTERNAL_API_MAX_CONNECTIONS: `${MAX_CONNECTIONS}`,
      // The budget is measured by itself.
      EXTERNAL_API_RATE_LIMIT: '1000000',
      // The first poll finds the work done. By default it would come after a second, in which nothing is done.
      EXTERNAL_API_POLL_INITIAL: '0.01',
      METRICS_PORT: `${port}`,
    };
    return await startCommand('worker', [], env, `http://127.0.0.1:${port}/readyz`);
  });

  const bareBundle = part('Bundling the bare workflow', async () => {
    const bundle = join(folder, 'bare-workflow-bundle.js');
    const source = fileURLToPath(import.meta.resolve('./bare-workflow.mjs'));
    await runCommand(process.execPath, [join(ROOT, 'scripts/lib/bundle-workflows.mjs'), source, bundle]);
    return bundle;
  });

  const bareWorker = part('Worker of the bare workflow', async () => {
    const args = {
      temporalAddress: (await temporal()).address,
      provider: await provider(),
      bundle: await bareBundle(),
    };
    return keep(
      await startChild({
        module: import.meta.resolve('./bare-worker-process.mjs'),
        args,
        logFile: logFile('bare-worker'),
      }),
    );
  });

  return {
    folder,
    provider,
    temporal,
    worker,
    bareWorker,
    /** Workflow bundles by who brings them. */
    bundles: async () => ({ durable: BUNDLE, bare: await bareBundle() }),

    /** A process that makes calls: `ask({ polled, inFlight, calls })`. */
    async caller(caller, needsTemporal = false) {
      const args = {
        caller,
        provider: await provider(),
        ...(needsTemporal && { temporalAddress: (await temporal()).address }),
      };
      return keep(
        await startChild({
          module: import.meta.resolve('./caller-process.mjs'),
          args,
          logFile: logFile(`caller-${caller}`),
        }),
      );
    },

    async replayer() {
      const args = { temporalAddress: (await temporal()).address };
      return keep(
        await startChild({ module: import.meta.resolve('./replay-process.mjs'), args, logFile: logFile('replay') }),
      );
    },

    /** Ends all, the last one started first. */
    async stop() {
      for (const each of started.toReversed()) await each.stop();
    },
  };
}
