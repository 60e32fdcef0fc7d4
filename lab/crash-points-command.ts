import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { startTemporalServer } from '#scripts/temporal-server.mjs';
import type { CommandInput, CommandResult } from './command.ts';
import { type Crash, runLane } from './crash-lane.ts';
import { type CrashMode, nameOf } from './crash-points.ts';
import { textTable, verdictText } from './report.ts';

const MODES: readonly CrashMode[] = ['key', 'none'];
const TELL_EVERY_MS = 10_000;

/** `npm run chaos -- crash-points`: both modes side by side. */
export async function runCrashPoints({ options, folder, binary, progress }: CommandInput): Promise<CommandResult> {
  const startedAt = performance.now();
  const server = await progress.step('Temporal server, in memory', () =>
    startTemporalServer({ binary, logFile: join(folder, 'temporal.log') }),
  );
  let fail: (end: string) => void = () => {};
  const death = new Promise<never>((_, reject) => (fail = (end) => reject(new Error(end))));
  void server.ended.then(fail);

  const crashes: Crash[] = [];
  const tell = (): void => progress.say(`  ${crashes.length} crashes, and what came of them`);
  const teller = setInterval(tell, TELL_EVERY_MS);
  const lanes = MODES.map(async (mode) => ({
    mode,
    verdict: await runLane({
      mode,
      times: options.times,
      temporalAddress: server.address,
      folder,
      onDeath: fail,
      onCrash: (crash) => crashes.push(crash),
    }),
  }));
  const verdicts = await Promise.race([Promise.all(lanes), death]).finally(() => clearInterval(teller));

  const unexpected = crashes.filter(({ outcome, expected }) => !isDeepStrictEqual(outcome, expected));
  const passed = unexpected.length === 0 && verdicts.every(({ verdict }) => verdict.violations.length === 0);
  const seconds = (performance.now() - startedAt) / 1000;
  const text = [
    pointsText(crashes, unexpected),
    ...unexpected.map(
      (crash) => `  ${crash.requestId}: ${nameOf(crash.point)} in ${crash.mode}: ${shown(crash.outcome)}`,
    ),
    ...verdicts.map(({ mode, verdict }) => `\nMode ${mode}\n${verdictText(verdict)}`),
    '',
    `${crashes.length} crashes in ${seconds.toFixed(0)} s`,
    passed ? 'PASSED: what came of every crash is what must.' : `FAILED: ${unexpected.length} crashes ended otherwise.`,
  ].join('\n');
  return { text, passed, data: { seconds, crashes, verdicts } };
}

function pointsText(crashes: readonly Crash[], unexpected: readonly Crash[]): string {
  const rows = new Map<string, { must: string; crashes: number; otherwise: number }>();
  for (const crash of crashes) {
    const name = `${nameOf(crash.point)} (${crash.mode})`;
    const row = rows.get(name) ?? { must: shown(crash.expected), crashes: 0, otherwise: 0 };
    row.crashes += 1;
    if (unexpected.includes(crash)) row.otherwise += 1;
    rows.set(name, row);
  }
  return textTable([
    ['killed at', 'must come of it', 'crashes', 'otherwise'],
    ...[...rows]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, row]) => [name, row.must, row.crashes, row.otherwise]),
  ]);
}

function shown({ status, submits, effects }: Crash['outcome']): string {
  return `${status}, sent ${submits}, executed ${effects}`;
}
