import type { Child } from '../child.ts';
import { cpuMsOf } from '../cpu.ts';
import { figureOf, judge, quantile, ratioOf } from '../figures.ts';
import { type GatewayApi, gatewayApi } from '../gateway-api.ts';
import type { HttpLoad, HttpSample } from '../http-caller-process.ts';
import { keepInFlight } from '../in-flight.ts';
import { startReceiver } from '../receiver.ts';
import { interleave } from '../rounds.ts';
import type { SectionContext, SectionResult } from '../section.ts';
import { type Gateway, GATEWAY_KEY } from '../stack.ts';

const KINDS = ['bare', 'ours'] as const;
const CALLERS = [100, 1_000];
/** Requests that are read, or waited for. */
const READ = 20;
/** So long they run while others begin to wait for them. */
const RUN_MS = 6_000;

type Route = Pick<HttpLoad, 'method' | 'paths' | 'body' | 'expected'> & { calls: number };
type Callers = Record<(typeof KINDS)[number], Child<HttpLoad, HttpSample>>;

interface Sample extends HttpSample {
  /** Of the process that answers, for each call. */
  serverCpuMs: number;
}

/** The gateway beside the same routes on the same framework, with nothing behind them. */
export async function gateway(context: SectionContext): Promise<SectionResult> {
  const { stack, quick, progress } = context;
  const ours = await stack.gateway();
  const headers = { authorization: `Bearer ${GATEWAY_KEY}` };
  const api = gatewayApi(ours.origin, headers);
  await stack.setProvider({ jobDurationMs: 0, callbackCount: 1 });
  const ended = await Promise.all(Array.from({ length: READ }, () => api.start()));
  const status = await Promise.all(ended.map((id) => api.end(id)));
  const bare = await stack.bareRoutes({ status: status[0] });
  const pids = { ours: ours.pid, bare: bare.pid };
  const callers: Callers = {
    ours: await stack.httpCaller('ours', { origin: ours.origin, headers }),
    bare: await stack.httpCaller('bare', { origin: bare.origin, headers }),
  };

  async function measured(what: string, inFlight: number, route: Route) {
    const samples = await progress.step(`${what}, ${inFlight} callers`, () =>
      interleave(quick ? 1 : 3, KINDS, (kind) => sampleOf(callers[kind], pids[kind], { ...route, inFlight })),
    );
    return rowOf(what, inFlight, samples);
  }

  const rows = [];
  for (const inFlight of CALLERS) {
    const paths = ended.map((id) => api.statusPath(id));
    rows.push(
      await measured('read a status', inFlight, { method: 'GET', paths, expected: 200, calls: quick ? 1_000 : 4_000 }),
    );
  }
  for (const inFlight of CALLERS) {
    rows.push(await measured('submit', inFlight, { ...api.submit, expected: 202, calls: quick ? 300 : 1_500 }));
  }
  const known = await api.list(quick ? 300 : 2_000);
  for (const inFlight of CALLERS) {
    const paths = known.map((id) => ours.callbackPath(id));
    rows.push(
      await measured('callback', inFlight, { method: 'POST', paths, body: '{}', expected: 204, calls: known.length }),
    );
  }
  await stack.setProvider({ jobDurationMs: RUN_MS });
  for (const inFlight of CALLERS) rows.push(await waits(context, { api, callers, inFlight }));

  rows.push(await delivered(context, api));

  const called = await progress.step('A callback, until its request is completed', () =>
    calledBack(context, ours, api),
  );
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
      overloaded: 'refused, overloaded',
    },
    rows,
    aims: [
      judge({
        what: 'from the arrival of a callback to completed, p50',
        relation: 'at most',
        bound: 100,
        unit: ' ms',
        figure: figureOf([quantile(called, 0.5)]),
      }),
    ],
  };
}

async function sampleOf(caller: Callers['ours'], serverPid: number, load: HttpLoad): Promise<Sample> {
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
    overloaded: ours.reduce((sum, sample) => sum + sample.overloaded, 0),
  };
}

/** So many callers wait for the ends of some requests: how long after those they were answered. */
async function waits(
  { quick, progress }: SectionContext,
  { api, callers, inFlight }: { api: GatewayApi; callers: Callers; inFlight: number },
) {
  const what = 'long poll, answered after the end';
  const samples = await progress.step(`${what}, ${inFlight} callers`, () =>
    interleave(quick ? 1 : 3, ['ours'], async () => {
      const started = await Promise.all(Array.from({ length: READ }, () => api.start()));
      const paths = started.map((id) => `${api.statusPath(id)}?wait=60`);
      // Until they are submitted each is a change.
      await Promise.all(started.map((id) => api.submitted(id)));
      return await callers.ours.ask({ method: 'GET', paths, expected: 200, inFlight, calls: inFlight, sinceEnd: true });
    }),
  );
  return {
    what,
    inFlight,
    p50Ms: figureOf(samples.ours.map(({ p50Ms }) => p50Ms)),
    p99Ms: figureOf(samples.ours.map(({ p99Ms }) => p99Ms)),
  };
}

/** So many requests tell their ends to one receiver: how many in a second, and how long after each end. */
async function delivered({ stack, quick, progress }: SectionContext, api: GatewayApi) {
  await stack.setProvider({ jobDurationMs: 0 });
  await using receiver = await startReceiver();
  const requests = quick ? 50 : 500;
  const told = await progress.step(`${requests} deliveries`, async () => {
    await keepInFlight({ inFlight: 50, calls: requests }, () => api.start(receiver.url));
    return await receiver.all(requests);
  });
  const times = told.map(({ at }) => at);
  const lags = told.map(({ lagMs }) => lagMs);
  return {
    what: 'delivery, after the end',
    inFlight: 50,
    oursPerSecond: figureOf([(1000 * told.length) / (Math.max(...times) - Math.min(...times))]),
    p50Ms: figureOf([quantile(lags, 0.5)]),
    p99Ms: figureOf([quantile(lags, 0.99)]),
  };
}

/** Milliseconds from a callback to the end of its request, one after the other. The provider itself calls nobody. */
async function calledBack({ stack, quick }: SectionContext, { origin, callbackPath }: Gateway, api: GatewayApi) {
  await stack.setProvider({ jobDurationMs: 0, callbackCount: 0 });
  const times: number[] = [];
  for (let n = 0; n < (quick ? 10 : 100); n++) {
    const id = await api.start();
    await api.submitted(id);
    const calledAt = Date.now();
    await fetch(origin + callbackPath(id), { method: 'POST' });
    times.push(Date.parse((await api.end(id)).completed_at ?? '') - calledAt);
  }
  return times;
}
