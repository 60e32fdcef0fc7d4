import * as alone from 'durable-external-api-client';
import * as whole from 'durable-external-api';
import { FakeExternalApiClient } from 'durable-external-api-client/testing';
import { startFakeProvider, startTestStack, FakeExternalApiClient as WholeFake } from 'durable-external-api/testing';
import { composeWorker, WORKFLOW_BUNDLE } from 'durable-external-api/worker';

const client: whole.ExternalApiClient | alone.ExternalApiClient = new FakeExternalApiClient();
const other = new WholeFake();
other.answer({ status: 'timed_out', failure: 'rateLimited' });
const limited: unknown = await (await other.process({ data: 1 })).result().catch((error: unknown) => error);
const missing: unknown = await other.status('req_1').catch((error: unknown) => error);
await client.close();
await other.close();

await using provider = await startFakeProvider();
console.log(
  JSON.stringify({
    twoCopies: !Object.is(alone.APIRateLimitError, whole.APIRateLimitError),
    limited: [
      limited instanceof whole.APIRateLimitError,
      limited instanceof alone.APIRateLimitError,
      limited instanceof alone.ExternalAPIError,
      limited instanceof alone.DurableRequestError,
    ],
    others: [
      limited instanceof alone.APITimeoutError,
      limited instanceof alone.RequestNotFoundError,
      new Error('x') instanceof alone.DurableRequestError,
      Object.assign(new Error('x'), { code: 'API_RATE_LIMIT' }) instanceof alone.APIRateLimitError,
    ],
    missing: [missing instanceof alone.RequestNotFoundError, missing instanceof alone.ExternalAPIError],
    has: [
      typeof composeWorker,
      typeof startTestStack,
      WORKFLOW_BUNDLE.endsWith('workflow-bundle.js'),
      provider.url.length > 0,
    ],
  }),
);
