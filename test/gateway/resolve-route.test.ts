import { expect, test } from 'vitest';
import { TemporalUnavailableError } from '../../src/client/client-errors.ts';
import { ACME, OTHER, problemOf, startGateway } from './running-gateway.ts';

const UNKNOWN_ID = `req_${'9'.repeat(26)}`;

/** A gateway with one request of the tenant acme whose outcome is unknown. */
async function startWithUnknownOutcome() {
  const gateway = await startGateway({ syncWaitMs: 0 });
  await gateway.post({ data: 1 });
  const id = gateway.client.lastId;
  gateway.client.change(id, { status: 'outcome_unknown' });
  const resolution = async () => (await gateway.client.status(id)).resolution;
  return { ...gateway, id, resolution };
}

test.each([
  [{ decision: 'resubmit', reason: 'they never got it' }, 'submitting', null, 'tenant:acme'],
  [{ decision: 'abandon', by: null, provider_request_id: null, reason: 'too old' }, 'failed', null, 'tenant:acme'],
  [
    { decision: 'adopt', by: 'jo', provider_request_id: 'job-1', reason: 'they have it' },
    'processing',
    'job-1',
    'tenant:acme (jo)',
  ],
])(
  '[N1][M19][M16] %j is taken, and answered with the request after it; who decides is known by its key',
  async (body, status, adopted, by) => {
    const { id, resolve } = await startWithUnknownOutcome();
    const response = await resolve(id, body);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      request_id: id,
      status,
      resolution: { decision: body.decision, provider_request_id: adopted, by, reason: body.reason },
      waiting_for: null,
    });
  },
);

test('[N1][M19] a second decision, and one on a request that is not unknown, is a 409', async () => {
  const { id, resolve, resolution } = await startWithUnknownOutcome();
  await resolve(id, { decision: 'resubmit', reason: 'first' });
  const second = await resolve(id, { decision: 'abandon', reason: 'second' });
  expect(await problemOf(second)).toMatchObject({
    status: 409,
    error: 'NothingToDecideError',
    request_id: id,
    instance: `/api/external/status/${id}`,
  });
  expect(await resolution()).toMatchObject({ reason: 'first' });
});

test('[M16][N1] the unknown outcome of another tenant cannot be told from no request, and is left alone', async () => {
  const { id, resolve, resolution, log } = await startWithUnknownOutcome();
  const body = { decision: 'abandon', reason: 'not mine' };
  const foreign = await problemOf(await resolve(id, body, OTHER));
  const unknown = await problemOf(await resolve(UNKNOWN_ID, body, OTHER));
  expect(JSON.stringify(foreign).replaceAll(id, UNKNOWN_ID)).toBe(JSON.stringify(unknown));
  expect(foreign).toMatchObject({ status: 404, error: 'RequestNotFoundError' });
  expect(await resolution()).toBeNull();
  expect(log).toContainEqual(expect.objectContaining({ event: 'foreign_request', tenant: 'other' }));
});

test.each<[string, unknown, Record<string, RegExp>]>([
  ['no decision', { reason: 'x' }, { decision: /must be one of: resubmit, adopt, abandon/ }],
  ['an unknown decision', { decision: 'retry', reason: 'x' }, { decision: /must be one of: resubmit, adopt, abandon/ }],
  ['no reason', { decision: 'resubmit' }, { reason: /must say why/ }],
  ['a blank reason', { decision: 'resubmit', reason: ' \n' }, { reason: /must say why/ }],
  ['a reason that is too long', { decision: 'abandon', reason: 'x'.repeat(2001) }, { reason: /2000/ }],
  ['a long name', { decision: 'abandon', by: 'x'.repeat(101), reason: 'x' }, { by: /at most 100/ }],
  ['a blank name', { decision: 'abandon', by: ' ', reason: 'x' }, { by: /who decides/ }],
  ['an adoption of nothing', { decision: 'adopt', reason: 'x' }, { provider_request_id: /the provider's id/ }],
  [
    'an adoption of a path',
    { decision: 'adopt', provider_request_id: '../admin', reason: 'x' },
    { provider_request_id: /1 to 1000 visible ASCII characters/ },
  ],
  [
    'an id without an adoption',
    { decision: 'resubmit', provider_request_id: 'job-1', reason: 'x' },
    { provider_request_id: /adopt only/ },
  ],
  ['unknown members', { decision: 'resubmit', reason: 'x', force: true }, { force: /not a member/ }],
  ['a body that is no object', [], { '': /expected object/ }],
])('[M12][N1] %s is a 400 that names it, and decides nothing', async (_, body, expected) => {
  const { id, resolve, resolution } = await startWithUnknownOutcome();
  const problem = await problemOf(await resolve(id, body));
  expect(problem).toMatchObject({ status: 400, error: 'InvalidRequestError' });
  const errors = problem['errors'] as { path: string; message: string }[];
  expect(Object.fromEntries(errors.map(({ path, message }) => [path, message]))).toEqual(
    Object.fromEntries(Object.entries(expected).map(([path, message]) => [path, expect.stringMatching(message)])),
  );
  expect(await resolution()).toBeNull();
});

test('[N1][M19] when nobody says whether the decision was taken, the 503 does not ask to repeat it blindly', async () => {
  const { id, client, resolve } = await startWithUnknownOutcome();
  client.resolve = () => Promise.reject(new TemporalUnavailableError());
  const response = await resolve(id, { decision: 'resubmit', reason: 'x' });
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  const problem = await problemOf(response);
  expect(problem).toMatchObject({ status: 503, error: 'TemporalUnavailableError', request_id: id });
  expect(problem['detail']).toContain('Read the request before you repeat it');
});

test('[N1][M19] a decision that was taken is a 200 although the request cannot be read after it', async () => {
  const { id, client, resolve } = await startWithUnknownOutcome();
  const taken = client.resolve.bind(client);
  client.resolve = async (requestId, decision) => {
    const state = await taken(requestId, decision);
    client.failure = () => Promise.reject(new TemporalUnavailableError());
    return state;
  };
  const response = await resolve(id, { decision: 'abandon', reason: 'too old' });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: 'outcome_unknown', resolution: { reason: 'too old' } });
});

test('[M19] what is no id is a 404, another method a 405, and a stranger a 401', async () => {
  const { id, resolve, url } = await startWithUnknownOutcome();
  const body = { decision: 'abandon', reason: 'x' };
  expect((await resolve('req_1', body)).status).toBe(404);
  const get = await fetch(`${url}/api/external/resolve/${id}`, { headers: { authorization: `Bearer ${ACME}` } });
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  expect((await resolve(id, body, 'unknown-key')).status).toBe(401);
});
