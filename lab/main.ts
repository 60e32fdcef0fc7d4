import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '#scripts/lib/progress.mjs';
import { ensureTemporalBinary } from '#scripts/temporal-server.mjs';
import type { CommandInput, CommandResult } from './command.ts';
import { runCrashPoints } from './crash-points-command.ts';
import { runIntentCost } from './intent-cost-command.ts';
import { runLabCommand } from './lab-command.ts';
import { type ChaosOptions, HELP, parseChaosOptions } from './options.ts';

const COMMANDS: Record<ChaosOptions['command'], (input: CommandInput) => Promise<CommandResult>> = {
  run: runLabCommand,
  'crash-points': runCrashPoints,
  'intent-cost': runIntentCost,
};

/** `npm run chaos`. @returns the exit code: 0 only if no rule was broken */
export async function main(args: readonly string[], progress: Progress): Promise<number> {
  let options;
  try {
    options = parseChaosOptions(args, Math.random);
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }

  const folder = mkdtempSync(join(tmpdir(), 'durable-external-api-chaos-'));
  try {
    const binary = await ensureTemporalBinary({ progress });
    const { text, passed, data } = await COMMANDS[options.command]({ options, folder, binary, progress });
    progress.say(`\n${text}`);
    if (options.json !== null)
      writeFileSync(options.json, `${JSON.stringify({ options, passed, ...data }, null, 2)}\n`);
    if (passed) rmSync(folder, { recursive: true, force: true });
    else progress.say(`Logs and the database are kept in ${folder}.`);
    return passed ? 0 : 1;
  } catch (error) {
    progress.say(`\nLogs are kept in ${folder}.\n${error instanceof Error ? error.stack : String(error)}`);
    return 1;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
