import { parseArgs } from 'node:util';
import type { RunMode } from './work.ts';

export const HELP = `Usage: npm run chaos -- [options]
       npm run chaos -- crash-points [--times N] [--seed N]
       npm run chaos -- intent-cost

The fault lab: requests through real processes that are killed, frozen and cut off, before a provider that breaks a fifth
of all calls, a relay that loses, doubles and forges its callbacks, and receivers that are down, slow or gone. It starts
all that it needs. Judged by the provider's ledger, the receivers' and the workflows' histories; the exit code is 0 only
if nothing was lost, sent twice or crossed. docs/reliability.md says what each rule means.

Options:
  --requests N   how many (default 2000; the full run is 10000)
  --mode MODE    what a lost reply leads to: key (sent again), none (never), mixed (half of each; default), lookup (the
                 provider is asked by our reference; nobody decides)
  --seed N       of faults, kills and blows (default: one that is printed)
  --short        a small run of under a minute, as in npm test
  --json FILE    also write everything to this file

crash-points     kills a worker at each named place in its code, --times N each (default 50)
intent-cost      what recording the intent before a submit costs, beside workers that do not`;

const MODES = ['key', 'none', 'mixed', 'lookup'] as const satisfies RunMode[];
const COMMANDS = ['run', 'crash-points', 'intent-cost'] as const;

export interface ChaosOptions {
  command: (typeof COMMANDS)[number];
  requests: number;
  mode: RunMode;
  seed: number;
  times: number;
  short: boolean;
  /** The file to write everything to. */
  json: string | null;
  help: boolean;
}

/**
 * @param random uniform in [0, 1): chooses the seed that is not given
 * @throws {Error} that names the argument and what it expects
 */
export function parseChaosOptions(args: readonly string[], random: () => number): ChaosOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      requests: { type: 'string' },
      mode: { type: 'string', default: 'mixed' },
      seed: { type: 'string' },
      times: { type: 'string' },
      short: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name = 'run', more] = positionals;
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined || more !== undefined) {
    throw new Error(`There is no "${positionals.join(' ')}": expected crash-points, intent-cost, or options alone.`);
  }
  const mode = MODES.find((known) => known === values.mode);
  if (mode === undefined) throw new Error(`--mode must be one of ${MODES.join(', ')}.`);
  return {
    command,
    mode,
    short: values.short,
    json: values.json ?? null,
    help: values.help,
    requests: wholeNumber('requests', values.requests, {
      min: 10,
      max: 1_000_000,
      fallback: values.short ? 80 : 2_000,
    }),
    times: wholeNumber('times', values.times, { min: 1, max: 10_000, fallback: values.short ? 1 : 50 }),
    seed: wholeNumber('seed', values.seed, { min: 0, max: 2 ** 32 - 1, fallback: Math.floor(random() * 2 ** 32) }),
  };
}

interface Range {
  min: number;
  max: number;
  fallback: number;
}

function wholeNumber(name: string, text: string | undefined, { min, max, fallback }: Range): number {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}.`);
}
