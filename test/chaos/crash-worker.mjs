// A worker that kills itself at a named place (crash-points.mjs) in the path of one request. It is a test's own: what the
// product ships has no such switch.
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import { composeWorkers } from './compose-worker.mjs';

const args = JSON.parse(process.argv[2]);
/** `{ requestId, point }`, once we are told. */
let victim = null;

const STEPS = [
  { method: 'POST', path: '/process', step: 'process' },
  { method: 'POST', path: '/oauth/token', step: 'token' },
  { method: 'GET', path: '/status/', step: 'poll' },
];

/** No handler runs, nothing is flushed, nothing is closed: as a power cut would. */
function at(point) {
  if (victim?.point === point) process.kill(process.pid, 'SIGKILL');
}

// Published when undici has written a whole request to its socket (undici, "Diagnostics Channel Support").
subscribe('undici:request:bodySent', ({ request }) => {
  const call = STEPS.find(({ method, path }) => request.method === method && request.path.startsWith(path));
  if (call) at(`${call.step}/after-bytes`);
});

function around(step, call) {
  return async (...parameters) => {
    at(`${step}/before-call`);
    const reply = await call(...parameters);
    at(`${step}/after-reply`);
    return reply;
  };
}

const aroundProvider = (provider) => ({
  authenticate: around('token', provider.authenticate),
  status: around('poll', provider.status),
  cancel: provider.cancel,
  process: around('process', (call, context) => {
    const beforeSend = async () => {
      at('process/before-intent');
      await context.beforeSend();
      at('process/after-intent');
    };
    return provider.process(call, { ...context, beforeSend });
  }),
});

/** Only the victim is served: another request that came here would die with us at a place that nobody chose. */
function onlyVictim(step, activity) {
  return async (input) => {
    if (input.requestId !== victim.requestId) return await new Promise(() => {});
    try {
      const result = await activity(input);
      at(`${step}/before-completion`);
      return result;
    } catch (error) {
      // What it told Temporal before it failed is on its way, and would often be there before the failure itself.
      if (victim.point === `${step}/before-failure`) await delay(500);
      at(`${step}/before-failure`);
      throw error;
    }
  };
}

const aroundActivities = ({ authenticate, process: submit, pollStatus, cancelSubmitted }) => ({
  authenticate: onlyVictim('token', authenticate),
  process: onlyVictim('process', submit),
  pollStatus: onlyVictim('poll', pollStatus),
  cancelSubmitted,
});

const workers = await composeWorkers({ args, aroundProvider, aroundActivities });
process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  victim = message;
  void Promise.all(workers.map((worker) => worker.run()));
});
process.send('ready');
