import { runLab } from './lab.mjs';
import { timesText, verdictText } from './report.mjs';
import { quantile } from '../performance/bench/figures.mjs';

/** Heartbeat timeout 10 s, sticky timeout 1 s, and 3 s for the next worker to have it. */
const RECOVERY_AIM_MS = 14_000;

/** `npm run chaos`: one run of the lab, as text, as data, and whether every rule held. */
export async function run({ options, folder, binary, progress }) {
  const { seed, requests, mode } = options;
  progress.say(`Seed ${seed}, ${requests} requests, mode ${mode}; logs in ${folder}`);
  const data = await runLab({ run: options, folder, binary, progress });
  const { verdict, killed, frozen, restarts, decisions, recovery, seconds, eventsPerRequest } = data;
  const passed = verdict.violations.length === 0;
  const text = [
    verdictText(verdict),
    '',
    `${requests} requests in ${seconds.toFixed(0)} s, ${eventsPerRequest.toFixed(1)} events each`,
    `${killed} workers killed, ${frozen} frozen; Temporal restarted ${restarts.temporal} times, the gateway ${restarts.gateway} times`,
    `decisions: ${decisions.adopted} adopted, ${decisions.resubmitted} submitted again, in ${decisions.rounds} rounds`,
    `requests in hand at a kill, until they went on: ${timesText(recovery.killedMs)}`,
    `requests in hand at a freeze, until they went on: ${timesText(recovery.frozenMs)}`,
    `workflow tasks in hand at a kill: ${timesText(recovery.workflowTasksMs)}`,
    aimText(recovery.killedMs),
    '',
    passed
      ? `PASSED: no rule was broken. Seed ${seed}.`
      : `FAILED: ${verdict.violations.length} violations. Again: npm run chaos -- --seed ${seed} --requests ${requests} --mode ${mode}`,
  ].join('\n');
  return { text, passed, data };
}

/** An aim is no rule: a busy machine misses it. */
function aimText(ms) {
  const met = ms.length > 0 && quantile(ms, 0.99) <= RECOVERY_AIM_MS;
  return `${met ? 'met   ' : 'MISSED'} p99 of recovery after a kill, aim at most ${RECOVERY_AIM_MS / 1000} s`;
}
