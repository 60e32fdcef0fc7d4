import { ExternalAPIError } from '../../src/contract/errors.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { callError, createProviderClient, type ProviderClient } from '../../src/worker/index.ts';

export const CREDENTIALS = { apiKey: 'canary-key-1', clientId: 'canary-client-2', clientSecret: 'canary-secret-3' };

export function create({ baseUrl }: { baseUrl: string }): ProviderClient {
  return createProviderClient({ profile: BUILT_IN, baseUrl, credentials: CREDENTIALS });
}

type Break = (client: ProviderClient, at: { baseUrl: string }) => ProviderClient;

/** A client with some methods of its own. */
function wrapped(client: ProviderClient, own: Partial<ProviderClient>): ProviderClient {
  return Object.create(client, Object.getOwnPropertyDescriptors(own)) as ProviderClient;
}

/** A client whose `process` ends otherwise when it fails. */
function whenFailed(change: (error: ExternalAPIError) => unknown): Break {
  return (client) =>
    wrapped(client, {
      process: (call, context) =>
        client.process(call, context).catch((error: unknown) => {
          throw error instanceof ExternalAPIError ? change(error) : error;
        }),
    });
}

type Row = [what: string, rule: string, says: RegExp, broken: Break, contract?: 'lookup'];

export const BROKEN: Row[] = [
  [
    'submits twice to be sure',
    'process makes one call, and gives the handle of the work',
    /process\(\): the provider must get 1 call\(s\) about the work, and got 2/,
    (client) =>
      wrapped(client, {
        async process(call, context) {
          await client.process(call, context);
          return await client.process(call, context).catch(() => ({
            providerRequestId: 'work-1',
            result: null,
            retryAfterMs: null,
          }));
        },
      }),
  ],
  [
    'does not wait for beforeSend',
    'process awaits beforeSend before its call',
    /the call left before the promise of beforeSend was settled/,
    (client) =>
      wrapped(client, {
        async process(call, { beforeSend, ...context }) {
          const [reply] = await Promise.all([client.process(call, context), beforeSend?.()]);
          return reply;
        },
      }),
  ],
  [
    'sends although beforeSend threw',
    'process sends nothing when beforeSend throws, and rejects with its error',
    /beforeSend threw: the provider must get 0 call\(s\)/,
    (client) =>
      wrapped(client, {
        async process(call, { beforeSend, ...context }) {
          await beforeSend?.().catch(() => {});
          return await client.process(call, context);
        },
      }),
  ],
  [
    'takes a refused connection for a lost answer',
    'a refused connection is never-sent',
    /outcome of the error must be "never-sent", and is "ambiguous"/,
    whenFailed((error) => callError('connectionLost', error.message, error)),
  ],
  [
    'sends again when an answer was lost',
    'a submit whose answer is lost is ambiguous, and not sent again',
    /must get 1 call\(s\) about the work, and got 2/,
    (client) =>
      wrapped(client, {
        process: (call, context) => client.process(call, context).catch(() => client.process(call, context)),
      }),
  ],
  [
    'throws what its HTTP library throws',
    'a submit whose answer is lost is ambiguous, and not sent again',
    /must reject with an ExternalAPIError that has a row of the failure table \(callError\), and rejected with TypeError/,
    whenFailed(() => new TypeError('fetch failed')),
  ],
  [
    'drops Retry-After',
    'a 429 is rateLimited, for as long as Retry-After says',
    /retryAfter of the error must be 7, and is null/,
    whenFailed((error) => callError('rateLimited', error.message, { statusCode: 429 })),
  ],
  [
    'takes a 500 for a refusal',
    'a 500 is ambiguous, and not sent again',
    /outcome of the error must be "ambiguous", and is "final"/,
    whenFailed((error) => callError('declined', error.message, error)),
  ],
  [
    'goes on after a 422',
    'a 422 is final',
    /outcome of the error must be "final", and is "refused"/,
    whenFailed((error) => callError('askedToWait', error.message, error)),
  ],
  [
    'takes a page for the answer to a submit',
    'a submit whose answer cannot be read is ambiguous: the work may run',
    /a 200 to a submit is HTML: the call must reject, and resolved/,
    (client) =>
      wrapped(client, {
        process: (call, context) =>
          client.process(call, context).catch(() => ({ providerRequestId: null, result: null, retryAfterMs: null })),
      }),
  ],
  [
    'heeds no abort',
    'an abort rejects with its reason, and frees the connection',
    /must reject with its reason, and ended with Error: process\(\) never ended/,
    (client) => wrapped(client, { process: (call, { signal: _, ...context }) => client.process(call, context) }),
  ],
  [
    'rejects at an abort with an error of its own',
    'an abort rejects with its reason, and frees the connection',
    /must reject with its reason, and ended with Error: AbortError/,
    (client) =>
      wrapped(client, {
        process: (call, context) =>
          client.process(call, context).catch((): never => {
            throw new Error('AbortError');
          }),
      }),
  ],
  [
    'follows redirects',
    'a 307 is not followed',
    /must be "redirected"|the call must reject, and resolved/,
    (client, { baseUrl }) =>
      wrapped(client, {
        async process(call, context) {
          const method = 'POST';
          const response = await fetch(`${baseUrl}/process`, { method, body: JSON.stringify(call.data) });
          context.signal?.throwIfAborted();
          throw callError('serverError', 'Internal Server Error', { statusCode: response.status });
        },
      }),
  ],
  [
    'ends accepted work for an unknown word',
    'a word that nobody knows is unknown: the work is waited for',
    /the phase of an unknown word must be unknown, and is failed/,
    (client) =>
      wrapped(client, {
        async status(id, context) {
          const reply = await client.status(id, context);
          return reply.phase === 'unknown' ? { ...reply, phase: 'failed' } : reply;
        },
      }),
  ],
  [
    'believes a reply about other work',
    'a reply to a poll that is about other work is unreadable',
    /the reply to a poll is about other work: the call must reject, and resolved/,
    (client) =>
      wrapped(client, {
        status: (providerRequestId, context) =>
          client.status(providerRequestId, context).catch(() => ({
            providerRequestId,
            status: 'processing',
            phase: 'waiting' as const,
            result: null,
            error: null,
            createdAt: null,
            completedAt: null,
            retryAfterMs: null,
          })),
      }),
  ],
  [
    'takes every 2xx to a cancel for "cancelled"',
    'a cancel says whether the work is finished',
    /cancel\(\) must give finished, and gave cancelled/,
    (client) =>
      wrapped(client, {
        async cancel(id, context) {
          await client.cancel(id, context);
          return 'cancelled';
        },
      }),
  ],
  [
    'trusts the filter of a list',
    'a lookup finds the work of our reference, and no other',
    /must give \[ 'work-1' \], and gave \[ 'work-2', 'work-1' \]/,
    (client) => wrapped(client, { find: () => Promise.resolve({ handles: ['work-2', 'work-1'], isEmpty: false }) }),
    'lookup',
  ],
  [
    'takes a list of others for an empty one',
    'a lookup finds the work of our reference, and no other',
    /must have isEmpty false: a list of others proves nothing/,
    (client) =>
      wrapped(client, {
        async find(reference, context) {
          const { handles } = await client.find(reference, context);
          return { handles, isEmpty: handles.length === 0 };
        },
      }),
    'lookup',
  ],
  [
    'claims a lookup that the provider does not have',
    'without a lookup nothing is looked for',
    /listedAfterMs must be null .* and is never/,
    (client) => wrapped(client, { listedAfterMs: 'never' }),
  ],
  [
    'tells what the provider repeats',
    'no secret is in an error, also when the provider repeats it',
    /a 400 that repeats a credential: it must be taken out of what is told, and is in it/,
    whenFailed((error) => callError('rejected', `bad credential ${CREDENTIALS.apiKey}`, error)),
  ],
  [
    'hides it in the cause',
    'no secret is in an error, also when the provider repeats it',
    /it must be taken out of what is told/,
    whenFailed((error) => callError('rejected', 'Bad Request', error, new Error(CREDENTIALS.apiKey))),
  ],
  [
    'never ends its close',
    'process makes one call, and gives the handle of the work',
    /close\(\) never ended/,
    (client) => wrapped(client, { close: () => new Promise(() => {}) }),
  ],
  [
    'does not close',
    'close ends calls that are under way, and all connections',
    /a call that was under way never ended after close\(\)|process\(\) never ended|close\(\) left connections open/,
    (client) => wrapped(client, { close: () => Promise.resolve() }),
  ],
];
