import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DATA_FOLDER } from '../../../scripts/lib/paths.mjs';
import { prepare } from '../../../scripts/lib/prepare.mjs';
import { killAll } from '../../../scripts/lib/process-registry.mjs';
import { createProgress } from '../../../scripts/lib/progress.mjs';
import { stopRequested } from '../../../scripts/lib/stop-signals.mjs';
import { ensureTemporalBinary } from '../../../scripts/temporal-server.mjs';
import { HELP, parseBenchOptions } from './options.mjs';
import { aimText, tableOf } from './report.mjs';
import { budget } from './sections/budget.mjs';
import { client } from './sections/client.mjs';
import { durable } from './sections/durable.mjs';
import { latency } from './sections/latency.mjs';
import { replay } from './sections/replay.mjs';
import { createStack } from './stack.mjs';

const RUN = { client, latency, replay, durable, budget };
const JSON_FILE = join(DATA_FOLDER, 'bench.json');

/** `npm run bench`. @returns {Promise<number>} the exit code: 0 also when an aim was missed, which is no failure */
export async function main(args) {
  let options;
  try {
    options = parseBenchOptions(args);
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }

  const progress = createProgress();
  const folder = mkdtempSync(join(tmpdir(), 'durable-external-api-bench-'));
  try {
    await Promise.race([bench({ ...options, progress, folder }), stopRequested()]);
    rmSync(folder, { recursive: true, force: true });
    return 0;
  } catch (error) {
    progress.say(`\n${error.message}`);
    return error.exitCode ?? 1;
  } finally {
    killAll();
  }
}

async function bench({ sections, quick, json, progress, folder }) {
  await prepare(progress, { build: true });
  const machine = describeMachine();
  const stack = createStack({ folder, progress, temporalBinary: () => ensureTemporalBinary({ progress }) });
  const results = {};
  for (const section of sections) results[section] = await RUN[section]({ stack, quick, progress });
  await stack.stop();

  progress.say(`\n${machine.cpus} CPUs, Node.js ${machine.node}, load ${machine.load} before it began`);
  progress.say('Each figure: the median of the rounds (and their range); CPU per call or request.');
  for (const result of Object.values(results)) progress.say(`\n${tableOf(result)}`);
  progress.say('\nAims');
  for (const { aims } of Object.values(results)) for (const aim of aims) progress.say(aimText(aim));
  if (quick) progress.say('A quick run says little: take the figures of a whole one.');
  if (json) {
    mkdirSync(DATA_FOLDER, { recursive: true });
    writeFileSync(JSON_FILE, `${JSON.stringify({ machine, quick, sections: results }, null, 2)}\n`);
    progress.say(`All figures: ${JSON_FILE}`);
  }
}

function describeMachine() {
  return {
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    kernel: `${process.platform} ${release()}`,
    node: process.versions.node,
    load: loadavg()[0].toFixed(1),
  };
}
