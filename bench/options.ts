import { parseArgs } from 'node:util';

/** In the order in which they run. */
export const SECTIONS = ['client', 'latency', 'replay', 'durable', 'gateway', 'budget', 'memory'] as const;
export type SectionName = (typeof SECTIONS)[number];

export const HELP = `Usage: npm run bench -- [options] [sections]

Measures this product against the fake provider on this machine, beside what it is built on. It starts all that it
needs, and asserts nothing. docs/performance.md says what each figure means.

Sections (all of them by default):
  client   the provider client alone beside plain undici: 1, 100 and 1,000 calls in flight
  latency  one request alone: what durability adds to it
  replay   CPU of replaying the workflow, beside a bare one with three activities
  durable  requests beside the same job in a bare workflow and without Temporal: 1, 100 and 1,000 in flight
  gateway  submits, reads, callbacks and long polls of 100 and 1,000 callers, beside bare routes; deliveries
  budget   two workers on one Redis before a provider that counts: a backlog, urgent requests behind bulk, a 429
  memory   one worker while 100 and 10,000 requests wait, and with inputs of 1 MiB

Options:
  --quick  some minutes: fewer rounds, and no 1,000 durable requests in flight
  --json   also write all figures to .data/bench.json
  --help   show this`;

export interface BenchOptions {
  sections: readonly SectionName[];
  quick: boolean;
  json: boolean;
  help: boolean;
}

/** @throws {Error} that names the argument and what it expects */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  const unknown = positionals.find((name) => !SECTIONS.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`There is no section "${unknown}". Sections: ${SECTIONS.join(', ')}.`);
  return {
    sections: positionals.length === 0 ? SECTIONS : SECTIONS.filter((name) => positionals.includes(name)),
    quick: values.quick === true,
    json: values.json === true,
    help: values.help === true,
  };
}
