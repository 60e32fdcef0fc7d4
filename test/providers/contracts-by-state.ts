import { isBearer, KEY } from './contracts-by-id.ts';
import { isCall, json, type Answer, type Contract, type ScriptedCall } from './scripted-provider.ts';
import type { Job, Work } from './work.ts';

/** Vendors whose word alone does not say how the work is. Written after their documentation, and not after any profile. */

/** Two words in turn; ids are int64; the same token is the same run; a cancel is asynchronous. */
export const databricks: Contract = (call, work) => {
  if (!isBearer(call))
    return {
      status: 401,
      body: { error_code: '401', message: 'Credential was not sent or was of an unsupported type' },
    };
  if (isCall(call, 'POST', /^\/api\/2\.2\/jobs\/run-now$/)) {
    const { idempotency_token: token } = json(call);
    const run = work.take((n) => `75960${n}`, json(call), typeof token === 'string' ? token : undefined);
    // As it is written there: an id may be beyond what JSON.parse keeps.
    return { headers: { 'content-type': 'application/json' }, body: `{"run_id":${run.id},"number_in_job":${run.id}}` };
  }
  if (isCall(call, 'POST', /^\/api\/2\.2\/jobs\/runs\/cancel$/)) {
    const run = work.find(String(json(call)['run_id']));
    if (run !== undefined && !run.word.startsWith('TERMINATED'))
      run.become('TERMINATING', 'TERMINATING', 'TERMINATED CANCELED');
    return { body: {} };
  }
  const run = work.find(isCall(call, 'GET', /^\/api\/2\.2\/jobs\/runs\/get\?run_id=(\d+)$/)?.[1]);
  if (run === undefined)
    return { status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE', message: 'Run does not exist.' } };
  const [lifeCycle, result] = run.look().split(' ');
  const state = {
    life_cycle_state: lifeCycle,
    result_state: result,
    state_message: result === 'FAILED' ? 'Task etl failed' : '',
  };
  return {
    headers: { 'content-type': 'application/json' },
    body: `{"run_id":${run.id},"state":${JSON.stringify(state)}}`,
  };
};

/** The status of the answer is the state; the request has a UUID of ours. */
export const snowflake: Contract = (call, work) => {
  if (!isBearer(call)) return { status: 401, body: { code: '390303', message: 'Invalid OAuth access token.' } };
  const answer = (job: Job, state: string): Answer => {
    const statementHandle = job.id;
    if (state === '422')
      return {
        status: 422,
        body: { code: '002003', message: "Object 'T' does not exist", sqlState: '42S02', statementHandle },
      };
    if (state === '200')
      return {
        body: { code: '090001', message: 'Statement executed successfully.', statementHandle, data: [['1', 'a']] },
      };
    return { status: 202, body: { code: '333334', message: 'Asynchronous execution in progress.', statementHandle } };
  };
  if (isCall(call, 'POST', /^\/api\/v2\/statements\?async=true&requestId=[0-9a-f-]{36}$/)) {
    const job = work.take((n) => `019c06a4-0000-df4f-0000-00100006589${n}`, json(call));
    return answer(job, job.word);
  }
  const [, id, cancel] = /^\/api\/v2\/statements\/([\w-]+)(\/cancel)?$/.exec(call.path) ?? [];
  const job = work.find(id);
  if (job === undefined) return { status: 404, body: { code: '390142', message: 'Statement not found' } };
  if (cancel === undefined) return answer(job, job.look());
  if (!job.is('200', '422')) job.become('202', '422');
  return { body: { code: '000604', message: 'successfully canceled', statementHandle: job.id } };
};

const OVER = ['COMPLETED', 'FAILED', 'CANCELED', 'EXPIRED'];

/** GraphQL: errors stand in a 200; one job at a time; the result is behind a signed URL elsewhere. */
export const shopify: Contract = (call, work) => {
  if (call.headers['x-shopify-access-token'] !== KEY)
    return { status: 401, body: { errors: '[API] Invalid API key or access token' } };
  if (!isCall(call, 'POST', /^\/admin\/api\/20\d\d-\d\d\/graphql\.json$/))
    return { status: 404, body: { errors: 'Not Found' } };
  const { query, variables } = json(call) as { query: string; variables: { id?: string } };
  if (query.includes('bulkOperationRunQuery'))
    return { body: { data: { bulkOperationRunQuery: runQuery(call, work) } } };
  const job = work.find(variables.id);
  if (query.includes('bulkOperationCancel')) {
    if (job !== undefined && !job.is(...OVER)) job.become('CANCELING', 'CANCELING', 'CANCELED');
    return {
      body: { data: { bulkOperationCancel: { bulkOperation: { id: job?.id, status: job?.word }, userErrors: [] } } },
    };
  }
  if (job === undefined) return { body: { data: { node: null } } };
  const status = job.look();
  const url = status === 'COMPLETED' ? signedUrl(work) : null;
  const errorCode = status === 'FAILED' ? 'ACCESS_DENIED' : null;
  return {
    body: {
      data: { node: { id: job.id, status, errorCode, url, createdAt: '2026-05-04T10:00:00Z', completedAt: null } },
    },
  };
};

function runQuery(call: ScriptedCall, work: Work): unknown {
  if (work.jobs.some((job) => !job.is(...OVER))) {
    return {
      bulkOperation: null,
      userErrors: [{ message: 'A bulk query operation for this app and shop is already in progress' }],
    };
  }
  const { id, word } = work.take((n) => `gid://shopify/BulkOperation/72091${n}`, json(call));
  return { bulkOperation: { id, status: word }, userErrors: [] };
}

/** Another one with every look. */
function signedUrl(work: Work): string {
  work.links += 1;
  return `https://storage.googleapis.com/shopify-tiers-assets-prod/bulk-${work.links}.jsonl?GoogleAccessId=a&Signature=s${work.links}`;
}
