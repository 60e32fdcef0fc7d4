import { quantile } from '../bench/figures.ts';
import type { CommandInput, CommandResult } from './command.ts';
import { runLab } from './lab.ts';
import type { Recovery } from './recovery.ts';
import { timesText, verdictText } from './report.ts';

/** Heartbeat timeout 10 s, sticky timeout 1 s, and 3 s for the next worker to have it. */
const RECOVERY_AIM_MS = 14_000;

const SLOWEST_SHOWN = 5;

/** `npm run chaos`: one run of the lab. */
export async function runLabCommand({ options, folder, binary, progress }: CommandInput): Promise<CommandResult> {
  const { seed, requests, mode } = options;
  progress.say(`Seed ${seed}, ${requests} requests, mode ${mode}; logs in ${folder}`);
  const data = await runLab({ run: options, folder, binary, progress });
  const { verdict, killed, frozen, blows, cancelsAsked, decisions, deliveries, recovery, seconds, eventsPerRequest } =
    data;
  const passed = verdict.violations.length === 0;
  const text = [
    verdictText(verdict),
    '',
    `${requests} requests in ${seconds.toFixed(0)} s, ${eventsPerRequest.toFixed(1)} events each`,
    `${killed} workers killed, ${frozen} frozen; blows: ${Object.entries(blows)
      .map(([what, n]) => `${n} × ${what}`)
      .join(', ')}`,
    `${cancelsAsked} cancellations reached a request that ran`,
    `decisions: ${decisions.adopted} adopted, ${decisions.resubmitted} submitted again, in ${decisions.rounds} rounds`,
    `deliveries: ${deliveries.sentAgain} sent again by hand, ${deliveries.pending} not told in time`,
    ...recoveryText('kill', recovery.killed),
    ...recoveryText('freeze', recovery.frozen),
    `workflow tasks in hand at a kill: ${timesText(recovery.workflowTasksMs)}`,
    aimText(recovery.killed.map(({ ms }) => ms)),
    '',
    passed
      ? `PASSED: no rule was broken. Seed ${seed}.`
      : `FAILED: ${verdict.violations.length} violations. Again: npm run chaos -- --seed ${seed} --requests ${requests} --mode ${mode}`,
  ].join('\n');
  return { text, passed, data };
}

function recoveryText(event: string, recoveries: readonly Recovery[]): string[] {
  const slowest = recoveries.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST_SHOWN);
  const asked = recoveries.map(({ askedForMs }) => askedForMs).filter((ms) => ms > 0);
  return [
    `requests in hand at a ${event}, until they went on: ${timesText(recoveries.map(({ ms }) => ms))}`,
    `  left out of it, because the provider or the budget was closed: ${timesText(asked)}`,
    `  the slowest: ${slowest.map(shown).join('; ') || 'none'}`,
  ];
}

function shown({ requestId, at, ms }: Recovery): string {
  return `${requestId} ${(ms / 1000).toFixed(1)} s after ${new Date(at).toISOString()}`;
}

/** An aim is no rule: a busy machine misses it. */
function aimText(ms: readonly number[]): string {
  const met = ms.length > 0 && quantile(ms, 0.99) <= RECOVERY_AIM_MS;
  return `${met ? 'met   ' : 'MISSED'} p99 of recovery after a kill, aim at most ${RECOVERY_AIM_MS / 1000} s`;
}
