// A worker that kills itself at a named place (crash-points.ts) in the path of one request. It is a test's own: what the
// product ships has no such switch.
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import type { ActivityDeps, FleetWorkerOptions } from 'durable-external-api/worker';
import { composeLabWorker, type WorkerArgs } from './compose-worker.ts';
import type { Step } from './crash-points.ts';
import type { Victim } from './crash-process.ts';

const args = JSON.parse(process.argv[2] ?? '') as WorkerArgs;
/** Null until we are told. */
let victim: Victim | null = null;

const STEPS: readonly { method: string; path: string; step: Step }[] = [
  { method: 'POST', path: '/process', step: 'process' },
  { method: 'POST', path: '/oauth/token', step: 'token' },
  { method: 'GET', path: '/status/', step: 'poll' },
];

/** No handler runs, nothing is flushed, nothing is closed: as a power cut would. */
function at(point: string): void {
  if (victim?.point === point) process.kill(process.pid, 'SIGKILL');
}

// Published when undici has written a whole request to its socket (undici, "Diagnostics Channel Support").
subscribe('undici:request:bodySent', (message) => {
  const { request } = message as { request: { method: string; path: string } };
  const call = STEPS.find(({ method, path }) => request.method === method && request.path.startsWith(path));
  if (call) at(`${call.step}/after-bytes`);
});

function around<Parameters extends unknown[], Reply>(
  step: Step,
  call: (...parameters: Parameters) => Promise<Reply>,
): (...parameters: Parameters) => Promise<Reply> {
  return async (...parameters) => {
    at(`${step}/before-call`);
    const reply = await call(...parameters);
    at(`${step}/after-reply`);
    return reply;
  };
}

type Provider = ActivityDeps['provider'];
type AroundActivities = NonNullable<FleetWorkerOptions['aroundActivities']>;

const aroundProvider = (provider: Provider): Provider => ({
  authenticate: around('token', provider.authenticate),
  status: around('poll', provider.status),
  cancel: provider.cancel,
  find: provider.find,
  listedAfterMs: provider.listedAfterMs,
  process: around('process', (call, context) => {
    const beforeSend = async (): Promise<void> => {
      at('process/before-intent');
      await context.beforeSend?.();
      at('process/after-intent');
    };
    return provider.process(call, { ...context, beforeSend });
  }),
  get isDown() {
    return provider.isDown;
  },
});

/** Only the victim is served: another request that came here would die with us at a place that nobody chose. */
function onlyVictim<Input extends { requestId: string }, Result>(
  step: Step,
  activity: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    if (input.requestId !== victim?.requestId) return await new Promise<never>(() => {});
    try {
      const result = await activity(input);
      at(`${step}/before-completion`);
      return result;
    } catch (error) {
      const points = [`${step}/before-failure`, `${step}/before-final-failure`];
      // What it told Temporal before it failed is on its way, and would often be there before the failure itself.
      if (points.includes(victim.point)) await delay(500);
      points.forEach(at);
      throw error;
    }
  };
}

const aroundActivities: AroundActivities = (activities) => ({
  ...activities,
  authenticate: onlyVictim('token', activities.authenticate),
  process: onlyVictim('process', activities.process),
  pollStatus: onlyVictim('poll', activities.pollStatus),
});

const worker = composeLabWorker(args, {
  aroundDeps: (deps) => ({ ...deps, provider: aroundProvider(deps.provider) }),
  aroundActivities,
});
process.on('disconnect', () => process.exit(0));
process.on('message', (message: Victim) => {
  victim = message;
  void worker.run();
});
process.send?.('ready');
