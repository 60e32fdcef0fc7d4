import type { Child } from '../child.ts';
import { cpuMsOf } from '../cpu.ts';
import { figureOf, ratioOf } from '../figures.ts';
import type { HttpLoad } from '../http-caller-process.ts';
import type { LoadSample } from '../in-flight.ts';
import { interleave } from '../rounds.ts';
import type { SectionContext, SectionResult } from '../section.ts';
import { GATEWAY_KEY } from '../stack.ts';
import { workOf } from '../work.ts';

const KINDS = ['bare', 'ours'] as const;
const CALLERS = [100, 1_000];
/** Requests that are read. */
const READ = 20;

type Route = Pick<HttpLoad, 'method' | 'paths' | 'body' | 'expected'> & { calls: number };

interface Sample extends LoadSample {
  /** Of the process that answers. */
  serverCpuMs: number;
}

/** The gateway beside the same routes on the same framework, with nothing behind them. */
export async function gateway({ stack, quick, progress }: SectionContext): Promise<SectionResult> {
  await stack.worker();
  const ours = await stack.gateway();
  const headers = { authorization: `Bearer ${GATEWAY_KEY}` };
  const { paths, status } = await finishedRequests(ours.origin, headers);
  const bare = await stack.bareRoutes({ status });
  const pids = { ours: ours.pid, bare: bare.pid };
  const callers = {
    ours: await stack.httpCaller('ours', { origin: ours.origin, headers }),
    bare: await stack.httpCaller('bare', { origin: bare.origin, headers }),
  };
  const routes: Record<string, Route> = {
    'read a status': { method: 'GET', paths, expected: 200, calls: quick ? 1_000 : 4_000 },
    submit: { ...submits(), calls: quick ? 300 : 1_500 },
  };

  const rows = [];
  for (const [what, route] of Object.entries(routes)) {
    for (const inFlight of CALLERS) {
      const samples = await progress.step(`${what}, ${inFlight} callers`, () =>
        interleave(quick ? 1 : 3, KINDS, (kind) => sampleOf(callers[kind], pids[kind], { ...route, inFlight })),
      );
      rows.push(rowOf(what, inFlight, samples));
    }
  }
  return {
    title: 'The gateway, beside the same routes with nothing behind them',
    columns: {
      what: '',
      inFlight: 'callers',
      barePerSecond: 'bare calls/s',
      oursPerSecond: 'gateway calls/s',
      speedRatio: 'ratio',
      p50Ms: 'p50 ms',
      p99Ms: 'p99 ms',
      bareCpuMs: 'bare CPU ms',
      oursCpuMs: 'gateway CPU ms',
    },
    rows,
    aims: [],
  };
}

function submits(): Omit<Route, 'calls'> {
  const body = JSON.stringify({ data: workOf('{n}'), options: { async: true } });
  return { method: 'POST', paths: ['/api/external/process'], body, expected: 202 };
}

/** Some that have ended: where they can be read, and what one is answered with. */
async function finishedRequests(origin: string, headers: Record<string, string>) {
  const { method, body } = submits();
  const ask = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> => {
    const sent = {
      ...headers,
      ...(init.body !== undefined && init.body !== null && { 'content-type': 'application/json' }),
    };
    return (await (await fetch(origin + path, { ...init, headers: sent })).json()) as Record<string, unknown>;
  };
  const started = await Promise.all(
    Array.from({ length: READ }, () => ask('/api/external/process', { method, ...(body !== undefined && { body }) })),
  );
  const paths = started.map(({ request_id: id }) => `/api/external/status/${String(id)}`);
  let status: Record<string, unknown> = {};
  for (const path of paths) {
    do status = await ask(path);
    while (status['completed_at'] === null);
  }
  return { paths, status };
}

async function sampleOf(caller: Child<HttpLoad, LoadSample>, serverPid: number, load: HttpLoad): Promise<Sample> {
  const before = cpuMsOf(serverPid);
  const sample = await caller.ask(load);
  return { ...sample, serverCpuMs: (cpuMsOf(serverPid) - before) / sample.calls };
}

function rowOf(what: string, inFlight: number, { bare, ours }: Record<(typeof KINDS)[number], readonly Sample[]>) {
  const figure = (samples: readonly Sample[], of: (sample: Sample) => number) => figureOf(samples.map(of));
  return {
    what,
    inFlight,
    barePerSecond: figure(bare, ({ perSecond }) => perSecond),
    oursPerSecond: figure(ours, ({ perSecond }) => perSecond),
    speedRatio: ratioOf(ours, bare, ({ perSecond }) => perSecond),
    p50Ms: figure(ours, ({ p50Ms }) => p50Ms),
    p99Ms: figure(ours, ({ p99Ms }) => p99Ms),
    bareCpuMs: figure(bare, ({ serverCpuMs }) => serverCpuMs),
    oursCpuMs: figure(ours, ({ serverCpuMs }) => serverCpuMs),
  };
}
