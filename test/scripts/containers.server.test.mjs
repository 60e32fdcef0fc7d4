import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { serverArguments } from '../../scripts/temporal-server.mjs';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';
import { longestTimes } from '../../src/worker/longest-times.ts';
import { temporaryFolder } from './temporary-folder.mjs';

// No container engine is needed: these are the rules that the files must keep.
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { services } = parse(read('docker-compose.yml'), { merge: true });
const dockerfile = read('Dockerfile');
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);

it('[C6][M21] docker-compose.yml has Temporal, Redis, the fake provider, a worker and a gateway', () => {
  expect(Object.keys(services)).toEqual(
    expect.arrayContaining(['temporal', 'redis', 'fake-provider', 'worker', 'gateway']),
  );
});

it('[M21] every published port is bound to this machine alone', () => {
  const published = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(published.length).toBeGreaterThan(0);
  expect(published.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
});

it('[M21] what a service waits for exists, and is healthy or done before it starts', () => {
  for (const { depends_on: dependencies = {} } of Object.values(services)) {
    for (const [needed, { condition }] of Object.entries(dependencies)) {
      expect(services).toHaveProperty(needed);
      if (condition === 'service_healthy') expect(services[needed]).toHaveProperty('healthcheck');
    }
  }
});

it.each(ours.map(([name]) => name))('[M18][M21] %s runs without capabilities on a read-only file system', (name) => {
  expect(services[name]).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  });
});

it('[M21] the worker is not killed before its drain is over', () => {
  const { environment, stop_grace_period } = services.worker;
  const { drainMs } = longestTimes(loadWorkerConfig(environment).provider);
  expect(stop_grace_period).toBe(`${drainMs / 1000 + 10}s`);
});

it('[M21] Temporal has the settings of the server that npm start starts', () => {
  const flag = /^--(sqlite-pragma|search-attribute|dynamic-config-value)=/;
  const settings = services.temporal.command.filter((argument) => flag.test(argument));
  const wanted = serverArguments({ port: 7233, uiPort: 8233 }).filter((argument) => argument.includes('='));
  expect(new Set(settings.map((argument) => argument.replace(flag, '')))).toEqual(new Set(wanted));
});

it('[M17][M21] the gateway has no default key: whoever starts it must give one', () => {
  expect(services.gateway.environment.GATEWAY_API_KEYS).toMatch(/^\$\{GATEWAY_API_KEYS:\?/);
});

it('[M21] the image is built in stages on glibc, holds no development dependency, and does not run as root', () => {
  const stages = dockerfile.match(/^FROM .*$/gm);
  expect(stages.length).toBeGreaterThan(1);
  for (const stage of stages) expect(stage).toContain('node:24-bookworm-slim');
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toContain('\nUSER node\n');
  expect(last).not.toMatch(/npm (ci|install)/);
  expect(dockerfile).toContain('npm ci --omit=dev');
});

it('[M21] the image has the Temporal core of its own platform, and of no other', () => {
  const core = 'node_modules/@temporalio/core-bridge';
  const [, prune] = dockerfile.match(/\nRUN (cd node_modules(?:.*\\\n)+.*)\n/);
  const folder = temporaryFolder();
  const installed = fileURLToPath(new URL(`../../${core}`, import.meta.url));
  const folders = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  for (const { parentPath, name } of folders) {
    mkdirSync(join(folder, core, join(parentPath, name).slice(installed.length)), { recursive: true });
  }
  execFileSync('sh', ['-c', prune], { cwd: folder });
  expect(readdirSync(join(folder, core, 'releases'))).toEqual([
    `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`,
  ]);
});

it('[M21] the image has the prebuilt bundle: every file that the build reads gets into the context', () => {
  expect(dockerfile).toContain('RUN node scripts/build.mjs');
  const context = read('.dockerignore').split('\n');
  for (const [, sources] of dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)) {
    for (const source of sources.split(' ')) expect(context).toContain(`!${source}`);
  }
});
