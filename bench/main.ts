import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DATA_FOLDER } from '#scripts/lib/paths.mjs';
import type { Progress } from '#scripts/lib/progress.mjs';
import { ensureTemporalBinary } from '#scripts/temporal-server.mjs';
import { type BenchOptions, HELP, parseBenchOptions, type SectionName } from './options.ts';
import { aimText, tableOf } from './report.ts';
import type { Section, SectionResult } from './section.ts';
import { budget } from './sections/budget.ts';
import { client } from './sections/client.ts';
import { durable } from './sections/durable.ts';
import { gateway } from './sections/gateway.ts';
import { latency } from './sections/latency.ts';
import { memory } from './sections/memory.ts';
import { replay } from './sections/replay.ts';
import { createStack } from './stack.ts';

const RUN: Record<SectionName, Section> = { client, latency, replay, durable, gateway, budget, memory };
const JSON_FILE = join(DATA_FOLDER, 'bench.json');

/** `npm run bench`. @returns the exit code: 0 also when an aim was missed, which is no failure */
export async function main(args: readonly string[], progress: Progress): Promise<number> {
  let options;
  try {
    options = parseBenchOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'durable-external-api-bench-'));
  await bench(options, folder, progress);
  rmSync(folder, { recursive: true, force: true });
  return 0;
}

async function bench({ sections, quick, json }: BenchOptions, folder: string, progress: Progress): Promise<void> {
  const machine = describeMachine();
  const stack = createStack({ folder, progress, temporalBinary: () => ensureTemporalBinary({ progress }) });
  const results: [SectionName, SectionResult][] = [];
  for (const section of sections) results.push([section, await RUN[section]({ stack, quick, progress })]);
  await stack.stop();

  progress.say(`\n${machine.cpus} CPUs, Node.js ${machine.node}, load ${machine.load} before it began`);
  progress.say('Each figure: the median of the rounds (and their range); CPU per call or request.');
  for (const [, result] of results) progress.say(`\n${tableOf(result)}`);
  progress.say('\nAims');
  for (const [, { aims }] of results) for (const aim of aims) progress.say(aimText(aim));
  if (quick) progress.say('A quick run says little: take the figures of a whole one.');
  if (json) {
    mkdirSync(DATA_FOLDER, { recursive: true });
    const figures = { machine, quick, sections: Object.fromEntries(results) };
    writeFileSync(JSON_FILE, `${JSON.stringify(figures, null, 2)}\n`);
    progress.say(`All figures: ${JSON_FILE}`);
  }
}

function describeMachine() {
  return {
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    kernel: `${process.platform} ${release()}`,
    node: process.versions.node,
    load: loadavg()[0]?.toFixed(1) ?? 'unknown',
  };
}
