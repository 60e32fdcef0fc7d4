import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../../scripts/lib/prepare.mjs';
import { killAll } from '../../scripts/lib/process-registry.mjs';
import { createProgress } from '../../scripts/lib/progress.mjs';
import { stopRequested } from '../../scripts/lib/stop-signals.mjs';
import { ensureTemporalBinary } from '../../scripts/temporal-server.mjs';
import { HELP, parseChaosOptions } from './options.mjs';

/** Each loads what it needs only now: before `prepare` it may not be there. */
const COMMANDS = {
  run: async (options) => (await import('./lab-command.mjs')).run(options),
  'crash-points': async (options) => (await import('./crash-points-command.mjs')).run(options),
  'intent-cost': async (options) => (await import('./intent-cost-command.mjs')).run(options),
};

/** `npm run chaos`. @returns {Promise<number>} the exit code: 0 only if no rule was broken */
export async function main(args) {
  let options;
  try {
    options = parseChaosOptions(args, Math.random);
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }

  process.stdout.on('error', () => {}); // The terminal may go before we do.
  const progress = createProgress();
  const folder = mkdtempSync(join(tmpdir(), 'durable-external-api-chaos-'));
  try {
    const { text, passed, data } = await Promise.race([start(options, folder, progress), stopRequested()]);
    progress.say(`\n${text}`);
    if (options.json !== null)
      writeFileSync(options.json, `${JSON.stringify({ options, passed, ...data }, null, 2)}\n`);
    if (passed) rmSync(folder, { recursive: true, force: true });
    else progress.say(`Logs and the database are kept in ${folder}.`);
    return passed ? 0 : 1;
  } catch (error) {
    progress.say(`\n${error.message}`);
    if (error.exitCode === undefined) progress.say(`Logs are kept in ${folder}.\n${error.stack}`);
    return error.exitCode ?? 1;
  } finally {
    killAll();
  }
}

async function start(options, folder, progress) {
  await prepare(progress, { build: true });
  const binary = await ensureTemporalBinary({ progress });
  return await COMMANDS[options.command]({ options, folder, binary, progress });
}
