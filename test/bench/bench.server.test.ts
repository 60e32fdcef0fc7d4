import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Aim, figureOf, judge, quantile, ratioOf } from '../../bench/figures.ts';
import { type BenchOptions, parseBenchOptions } from '../../bench/options.ts';
import { interleave } from '../../bench/rounds.ts';

const BENCH = fileURLToPath(new URL('../../scripts/bench.mjs', import.meta.url));

async function bench(...args: string[]) {
  const child = spawn(process.execPath, [BENCH, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { stdout, stderr, exitCode };
}

test('[M20] the bench measures the client beside undici, and says which aim is met', async () => {
  const { stdout, stderr, exitCode } = await bench('--quick', 'client');
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout).toMatch(/in flight +undici calls\/s +client calls\/s/);
  expect(stdout).toMatch(/^(met {3}|MISSED) {2}provider client alone/m);
}, 300_000);

test('[M20] a section that does not exist is refused, with those that do', async () => {
  const { stderr, exitCode } = await bench('clients');
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(
    'There is no section "clients". Sections: client, latency, replay, durable, gateway, budget, memory.',
  );
});

test.each<[string[], BenchOptions]>([
  [
    [],
    {
      sections: ['client', 'latency', 'replay', 'durable', 'gateway', 'budget', 'memory'],
      quick: false,
      json: false,
      help: false,
    },
  ],
  [['durable', 'client', '--json'], { sections: ['client', 'durable'], quick: false, json: true, help: false }],
  [
    ['--quick'],
    {
      sections: ['client', 'latency', 'replay', 'durable', 'gateway', 'budget', 'memory'],
      quick: true,
      json: false,
      help: false,
    },
  ],
])('[M20] the bench takes %j', (args, options) => {
  expect(parseBenchOptions(args)).toEqual(options);
});

describe('[M20] figures of the bench', () => {
  test('a figure is the median of the rounds and their range', () => {
    expect(figureOf([5, 1, 2])).toEqual({ median: 2, min: 1, max: 5 });
    expect(figureOf([4, 1, 2, 3]).median).toBe(2.5);
    expect(quantile([0, 10, 20, 30, 40], 0.9)).toBeCloseTo(36);
  });

  test('a ratio is taken round by round: a slow round of both changes nothing', () => {
    const ratio = ratioOf([{ speed: 9 }, { speed: 90 }], [{ speed: 10 }, { speed: 100 }], ({ speed }) => speed);
    expect(ratio).toEqual({ median: 0.9, min: 0.9, max: 0.9 });
  });

  test.each<[Aim['relation'], number, number, boolean]>([
    ['at least', 0.8, 0.8, true],
    ['at least', 0.8, 0.79, false],
    ['at most', 1.1, 1.1, true],
    ['at most', 1.1, 1.11, false],
  ])('an aim of %s %d is judged by the median: %d', (relation, bound, median, met) => {
    const figure = { median, min: 0, max: 9 };
    expect(judge({ what: 'it', relation, bound, unit: '×', figure }).met).toBe(met);
  });

  test('the order of what is compared turns with every round', async () => {
    const order: string[] = [];
    await interleave(3, ['a', 'b'], async (variant) => void order.push(variant));
    expect(order.join('')).toBe('abbaab');
  });
});
