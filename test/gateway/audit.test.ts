import { expect, test } from 'vitest';
import { waitUntil } from '../helpers/wait-until.ts';
import { ACME, OTHER, startGateway, type RunningGateway } from './running-gateway.ts';

type Line = Record<string, unknown>;

interface Document {
  paths: Record<string, Record<string, { operationId: string; requestBody?: object }>>;
}

async function operationsOf({ url }: RunningGateway) {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
}

/** Of each operation a body that it takes. */
const BODIES: Record<string, object> = {
  process: { data: 1 },
  invalidate: {},
  resolve: { decision: 'abandon', reason: 'x' },
  cancel: {},
  redeliver: { reason: 'x' },
};

async function call(
  { url }: RunningGateway,
  method: string,
  path: string,
  key: string,
  body?: object,
): Promise<number> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  await response.body?.cancel();
  return response.status;
}

const audited = ({ log }: RunningGateway): Line[] => log.filter(({ event }) => event === 'gateway_audit');

test('[M16] every call that may change something is one line: who, what, which request, from where, what came of it', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  await gateway.post({ data: 1 });
  const id = gateway.client.lastId;
  gateway.log.length = 0;
  const changing = (await operationsOf(gateway)).filter(({ method }) => method !== 'GET');
  expect(changing.length).toBeGreaterThan(3);
  for (const { path, method, operationId } of changing) {
    const status = await call(gateway, method, path.replace(/\{\w+\}/, id), ACME, BODIES[operationId] ?? {});
    await waitUntil('it is written down', () => audited(gateway).some(({ action }) => action === operationId));
    expect(audited(gateway).filter(({ action }) => action === operationId)).toMatchObject([
      { level: 'info', tenant: 'acme', remote_address: '127.0.0.1', status_code: status },
    ]);
  }
  expect(audited(gateway).find(({ action }) => action === 'cancel')).toMatchObject({ request_id: id });
});

test('[M16] what only reads, and what is no route, is none of them', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  await gateway.post({ data: 1 });
  gateway.log.length = 0;
  const id = gateway.client.lastId;
  gateway.client.complete(id, 'done');
  for (const { path, method } of await operationsOf(gateway)) {
    if (method === 'GET') await call(gateway, method, path.replace(/\{\w+\}/, id), ACME);
  }
  await call(gateway, 'POST', '/nowhere', ACME, {});
  await waitUntil('all are answered', () => gateway.log.some((line) => line['status_code'] === 404));
  expect(audited(gateway)).toEqual([]);
});

test('[M16] another tenant’s request is a 404 on every route that has an id, and in no list', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  await gateway.post({ data: 1 });
  const id = gateway.client.lastId;
  const before = JSON.stringify(gateway.client.requests.get(id)?.snapshot);
  const withId = (await operationsOf(gateway)).filter(({ path }) => path.includes('{request_id}'));
  expect(withId.length).toBeGreaterThan(4);
  for (const { path, method, operationId } of withId) {
    const body = method === 'GET' ? undefined : (BODIES[operationId] ?? {});
    const status = await call(gateway, method, path.replace('{request_id}', id), OTHER, body);
    expect([operationId, status]).toEqual([operationId, 404]);
  }
  const listed = await fetch(`${gateway.url}/api/external/requests`, { headers: { authorization: `Bearer ${OTHER}` } });
  expect(await listed.json()).toMatchObject({ requests: [] });
  expect(JSON.stringify(gateway.client.requests.get(id)?.snapshot)).toBe(before);
});

const suspicions = ({ log }: RunningGateway): Line[] => log.filter(({ event }) => event === 'suspicious_activity');

test('[M16] a tenant that tries ids of others is told of once', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  await gateway.post({ data: 1 });
  for (let n = 0; n < 25; n++) await gateway.status(gateway.client.lastId, OTHER);
  await waitUntil('it is told', () => suspicions(gateway).length > 0);
  expect(suspicions(gateway)).toMatchObject([{ level: 'warn', rule: 'foreign_request', subject: 'other', count: 10 }]);
});

test('[M16] every route that has an id counts ids of others', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  await gateway.post({ data: 1 });
  const id = gateway.client.lastId;
  const withId = (await operationsOf(gateway)).filter(({ path }) => path.includes('{request_id}'));
  expect(withId.map(({ operationId }) => operationId)).toContain('redeliver');
  for (const { path, method, operationId } of withId) {
    const route = await startGateway({ syncWaitMs: 0, client: gateway.client });
    const body = method === 'GET' ? undefined : (BODIES[operationId] ?? {});
    for (let n = 0; n < 10; n++) await call(route, method, path.replace('{request_id}', id), OTHER, body);
    await waitUntil(`${operationId} counts`, () => suspicions(route).length > 0);
    expect(suspicions(route)).toMatchObject([{ rule: 'foreign_request', subject: 'other', count: 10 }]);
  }
});

test('[M16] an address that tries keys is told of once', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  for (let n = 0; n < 45; n++) await gateway.status('req_0', `guess-${n}`);
  await waitUntil('it is told', () => suspicions(gateway).length > 0);
  expect(suspicions(gateway)).toMatchObject([{ rule: 'failed_authentication', subject: '127.0.0.1', count: 20 }]);
});

test('[M16][N8] a tenant that names targets which are refused is told of once', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  for (let n = 0; n < 25; n++) await gateway.post({ data: 1, options: { callback_url: 'gopher://10.0.0.1/' } });
  await waitUntil('it is told', () => suspicions(gateway).length > 0);
  expect(suspicions(gateway)).toMatchObject([{ rule: 'refused_target', subject: 'acme', count: 10 }]);
});

test('[M16] a gateway whose answers are suddenly failures says so once', async () => {
  const gateway = await startGateway({ syncWaitMs: 0 });
  await gateway.post({ data: 1 });
  gateway.client.failure = () => Promise.reject(new Error('a defect'));
  for (let n = 0; n < 70; n++) await gateway.status(gateway.client.lastId);
  await waitUntil('it is told', () => suspicions(gateway).length > 0);
  expect(suspicions(gateway)).toMatchObject([{ rule: 'failing_answers', subject: 'gateway', count: 50 }]);
});
