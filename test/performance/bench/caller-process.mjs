import { randomUUID } from 'node:crypto';
import { createBareWorkflowCaller } from './callers/bare-workflow.mjs';
import { createDurableCaller } from './callers/durable.mjs';
import { createProviderClientCaller } from './callers/provider-client.mjs';
import { createUndiciCaller } from './callers/undici.mjs';
import { childArgs, serve } from './child.mjs';
import { keepInFlight } from './in-flight.mjs';
import { workOf } from './work.mjs';

const CALLERS = {
  undici: createUndiciCaller,
  client: createProviderClientCaller,
  bare: createBareWorkflowCaller,
  durable: createDurableCaller,
};

const { caller, ...environment } = childArgs();
const call = CALLERS[caller](environment);

// `polled`: the provider takes the work with an id, and is asked once for the result; else it answers at once.
serve(async ({ polled, inFlight, calls }) => {
  const run = randomUUID();
  const done = [];
  const sample = await keepInFlight({ inFlight, calls }, async (n) => {
    const id = `${run}-${n}`;
    done.push(await call({ id, data: workOf(id), polled }));
  });
  const repeatedStarts = done.reduce((sum, one) => sum + (one?.repeatedStarts ?? 0), 0);
  return { ...sample, repeatedStarts, workflowId: done.at(-1)?.workflowId };
});
