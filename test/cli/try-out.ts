import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  isCall,
  json,
  startScriptedProvider,
  type Contract,
  type ScriptedProvider,
} from '../providers/scripted-provider.ts';
import { runCli, startCli, type CliOptions, type CliResult, type RunningCli } from './run-cli.ts';

/** Quotes and whatever else is written in another way in a URL, in JSON or in HTML. */
export const KEY = 'canary/key+1"x"&<y>=';

/** Renders: one word at one place. */
export const RENDERS = `name: renders
baseUrl: https://api.example.com/v1
credentials: { apiKey: EXTERNAL_API_KEY }
headers: { X-Api-Key: { credential: apiKey } }
reply: { id: /id, phase: [{ at: /state, waiting: [queued, working], completed: done, failed: bad, cancelled: stopped }], result: /output }
submit: { call: POST /renders, body: { /scene: { from: data }, /reference: { from: requestId } } }
poll: { call: 'GET /renders/{id}' }
cancel: { call: 'DELETE /renders/{id}' }
`;

export const LOOKUP = `lookup: { call: 'GET /renders{?reference}', vars: { reference: requestId }, items: /renders, match: /reference, id: /id }
`;

const renders: Contract = (call, work) => {
  if (call.headers['x-api-key'] !== KEY) return { status: 401, body: { message: 'No such key' } };
  if (isCall(call, 'POST', /^\/v1\/renders$/)) {
    const { id, word } = work.take((n) => `r-${n}`, json(call));
    return { status: 201, body: { id, state: word } };
  }
  if (isCall(call, 'GET', /^\/v1\/renders\?reference=/)) {
    const listed = work.jobs.map(({ id, input }) => ({ id, reference: (input as { reference: string }).reference }));
    return { body: { renders: listed } };
  }
  const job = work.find(isCall(call, call.method, /^\/v1\/renders\/([\w-]+)$/)?.[1]);
  if (job === undefined) return { status: 404, body: { message: 'No such render' } };
  if (call.method === 'DELETE') job.become(job.is('done') ? 'done' : 'stopped');
  const state = call.method === 'DELETE' ? job.word : job.look();
  return { body: { id: job.id, state, ...(state === 'done' && { output: { url: 'film' } }), message: 'too dark' } };
};

/** What a try prints for a program. */
export interface Tried {
  reference: string | null;
  provider_request_id: string | null;
  exchanges: {
    step: string;
    url: string;
    headers: Record<string, string>;
    body: string | null;
    reply: { status: number; headers: Record<string, string>; body: string } | null;
    reading: { phase: string; means: string; found: Record<string, unknown> } | null;
    failure: { name: string; message: string } | null;
  }[];
  verdict: { fits: boolean | null; sentence: string; look_at: string | null };
  go_on: string | null;
}

export interface TryOut {
  readonly provider: ScriptedProvider;
  /** The profile's file. */
  readonly file: string;
  readonly env: Record<string, string>;
  try(...args: string[]): Promise<CliResult & { tried: Tried; steps: string[] }>;
  start(args: string[], options?: CliOptions): RunningCli;
}

export interface TryOutOptions {
  /** YAML, or the name of a shipped one. */
  profile?: string;
  contract?: Contract;
  /** Of the base URL. */
  path?: string;
  /** What the work is at first, and what each poll finds. */
  words?: readonly string[];
  env?: Record<string, string>;
}

/** A provider, a profile of it, and an environment in which there is neither Temporal nor Redis. */
export async function tryOut(options: TryOutOptions = {}): Promise<TryOut> {
  const { profile = RENDERS, contract = renders, path = '/v1', words = ['queued', 'working', 'done'] } = options;
  const provider = await startScriptedProvider(contract);
  const folder = await mkdtemp(join(tmpdir(), 'external-api-try-'));
  onTestFinished(async () => {
    await provider[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  provider.work.words = words;
  const file = profile.includes('\n') ? join(folder, 'profile.yaml') : profile;
  if (file !== profile) await writeFile(file, profile);
  const env = { ...quick(provider.url + path), ...options.env };
  return {
    provider,
    file,
    env,
    async try(...args) {
      const result = await runCli(['provider', 'try', file, ...args], { env });
      const tried = JSON.parse(result.stdout || '{}') as Tried;
      return { ...result, tried, steps: (tried.exchanges ?? []).map(({ step }) => step) };
    },
    start: (args, given = {}) => startCli(['provider', 'try', file, ...args], { env, ...given }),
  };
}

export function quick(baseUrl: string): Record<string, string> {
  return {
    EXTERNAL_API_BASE_URL: baseUrl,
    EXTERNAL_API_KEY: KEY,
    EXTERNAL_API_POLL_INITIAL: '0.02',
    EXTERNAL_API_POLL_MAX: '0.2',
    EXTERNAL_API_RETRY_DELAY: '0.02',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    REDIS_URL: 'redis://127.0.0.1:1',
    EXTERNAL_API_FLEET_SIZE: '1',
  };
}

/** Every way in which a secret could be written. */
export function writtenForms(secret: string): string[] {
  const inForm = new URLSearchParams([['', secret]]).toString().slice(1);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(secret)
      .slice(1, -1)
      .replaceAll('/', String.raw`\/`),
    Array.from({ length: secret.length }, (_, n) => `\\u${secret.charCodeAt(n).toString(16).padStart(4, '0')}`).join(
      '',
    ),
    encodeURIComponent(secret),
    inForm,
    inForm.toLowerCase(),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    Buffer.from(secret).toString('base64'),
  ];
}
