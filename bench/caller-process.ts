import { randomUUID } from 'node:crypto';
import { createBareWorkflowCaller } from './callers/bare-workflow.ts';
import type { Caller, CallerEnvironment, CallerLoad, CallerName, CallerSample, Done } from './callers/caller.ts';
import { createDurableCaller } from './callers/durable.ts';
import { createProviderClientCaller } from './callers/provider-client.ts';
import { createUndiciCaller } from './callers/undici.ts';
import { childArgs, serve } from './child.ts';
import { keepInFlight } from './in-flight.ts';
import { CLIENT_BUDGETS, workOf } from './work.ts';

const CREATE: Record<CallerName, (environment: CallerEnvironment) => Caller | Promise<Caller>> = {
  undici: createUndiciCaller,
  client: (environment) => createProviderClientCaller(environment, CLIENT_BUDGETS.client),
  limited: (environment) => createProviderClientCaller(environment, CLIENT_BUDGETS.limited),
  bare: createBareWorkflowCaller,
  durable: createDurableCaller,
};

export interface CallerArgs extends CallerEnvironment {
  caller: CallerName;
}

const { caller, ...environment } = childArgs<CallerArgs>();
const call = await CREATE[caller](environment);

serve(async ({ polled, inFlight, calls }: CallerLoad): Promise<CallerSample> => {
  const run = randomUUID();
  const done: Done[] = [];
  const sample = await keepInFlight({ inFlight, calls }, async (n) => {
    const id = `${run}-${n}`;
    done.push(await call({ id, data: workOf(id), polled }));
  });
  const repeatedStarts = done.reduce((sum, one) => sum + (one.repeatedStarts ?? 0), 0);
  const workflowId = done.at(-1)?.workflowId;
  return { ...sample, repeatedStarts, ...(workflowId !== undefined && { workflowId }) };
});
