import { inspect } from 'node:util';
import {
  check,
  checkCalls,
  checkError,
  eventually,
  failureOf,
  submit,
  submitted,
  within,
} from './conformance-stage.ts';
import type { Stage } from './conformance-stage.ts';
import { closedAddress, startContractServer, type Served } from './contract-server.ts';
import type { ProviderContract } from './provider-contract.ts';

/** A rule, and how it is tried. */
export interface ConformanceRule {
  title: string;
  /** Whether it is a rule for providers of this kind. */
  applies?: (contract: ProviderContract) => boolean;
  play: (stage: Stage) => Promise<void>;
}

/** A submit that gets `served` must fail so, and is not repeated. */
function failing(title: string, when: string, served: (stage: Stage) => Served, expected: object): ConformanceRule {
  return {
    title,
    async play(stage) {
      stage.server.serve(served(stage));
      checkError(await failureOf(submit(stage), when), expected, when);
      checkCalls(stage, 1, when);
    },
  };
}

const answered = (status: number, headers = {}) =>
  [
    `a submit that is answered with ${status}`,
    ({ contract }: Stage): Served => ({ status, headers, body: contract.error('the provider says why') }),
  ] as const;

export const SUBMIT_RULES: readonly ConformanceRule[] = [
  {
    title: 'process makes one call, and gives the handle of the work',
    async play(stage) {
      await submitted(stage);
      checkCalls(stage, 1, 'process()');
    },
  },
  {
    title: 'process awaits beforeSend before its call',
    async play(stage) {
      let calls = -1;
      let times = 0;
      const beforeSend = async (): Promise<void> => {
        times++;
        await new Promise((resolve) => setTimeout(resolve, 50));
        calls = stage.server.calls.length;
      };
      stage.server.serve(stage.contract.accepted(stage.work));
      await submit(stage, { beforeSend });
      check(times === 1, `beforeSend must be called once, and was called ${times} times`);
      check(
        calls === 0,
        'the call left before the promise of beforeSend was settled: a crash between would lose track of it',
      );
    },
  },
  {
    title: 'process sends nothing when beforeSend throws, and rejects with its error',
    async play(stage) {
      const error = new Error('not now');
      const beforeSend = (): Promise<void> => Promise.reject(error);
      const end = await submit(stage, { beforeSend }).catch((thrown: unknown) => thrown);
      checkCalls(stage, 0, 'beforeSend threw');
      check(end === error, `process() must reject with what beforeSend threw, and ended with ${String(end)}`);
    },
  },
  {
    title: 'a refused connection is never-sent',
    async play(stage) {
      const client = await stage.create({ baseUrl: await closedAddress() });
      try {
        const error = await failureOf(submit({ ...stage, client }), 'nobody listens at the address');
        checkError(error, { outcome: 'never-sent', retryable: true }, 'nobody listens at the address');
      } finally {
        await client.close();
      }
    },
  },
  failing(
    'a submit whose answer is lost is ambiguous, and not sent again',
    'the answer to a submit is lost',
    () => 'lost',
    {
      outcome: 'ambiguous',
    },
  ),
  failing(
    'a submit whose answer is cut off is ambiguous, and not sent again',
    'the answer to a submit is cut off',
    ({ contract, work }) => ({ half: contract.accepted(work) }),
    { outcome: 'ambiguous' },
  ),
  failing(
    'a submit whose answer cannot be read is ambiguous: the work may run',
    'a 200 to a submit is HTML',
    () => ({ body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } }),
    { failure: 'unreadableReply', outcome: 'ambiguous' },
  ),
  failing('a 429 is rateLimited, for as long as Retry-After says', ...answered(429, { 'retry-after': '7' }), {
    failure: 'rateLimited',
    outcome: 'refused',
    statusCode: 429,
    retryAfter: 7,
  }),
  failing('a 503 with Retry-After is refused, for so long', ...answered(503, { 'retry-after': '7' }), {
    outcome: 'refused',
    statusCode: 503,
    retryAfter: 7,
  }),
  ...[500, 502].map((status) =>
    failing(`a ${status} is ambiguous, and not sent again`, ...answered(status), {
      outcome: 'ambiguous',
      statusCode: status,
      retryable: true,
    }),
  ),
  ...[400, 422, 403].map((status) =>
    failing(`a ${status} is final`, ...answered(status), { outcome: 'final', statusCode: status, retryable: false }),
  ),
  {
    title: 'a 401 is about the credentials, and the work was refused',
    async play(stage) {
      const when = 'a submit that is answered with 401';
      const refusal = { status: 401, body: stage.contract.error('who are you?') };
      stage.server.serve(refusal, refusal, refusal);
      const error = await failureOf(submit(stage), when);
      checkError(error, { type: 'APIAuthenticationError', outcome: 'refused', statusCode: 401 }, when);
    },
  },
  ...[302, 307].map((status): ConformanceRule => ({
    title: `a ${status} is not followed`,
    async play(stage) {
      const when = `a submit that is answered with ${status}`;
      const elsewhere = await startContractServer(stage.contract);
      try {
        for (const location of [`${elsewhere.url}/stolen`, `${stage.server.url}/moved`]) {
          const before = stage.server.calls.length;
          stage.server.serve({ status, headers: { location } });
          checkError(await failureOf(submit(stage), when), { failure: 'redirected', outcome: 'final' }, when);
          checkCalls(stage, before + 1, when);
        }
        check(elsewhere.calls.length === 0, `${when}: the client followed it, with all that it sends`);
      } finally {
        await elsewhere.close();
      }
    },
  })),
  {
    title: 'an abort rejects with its reason, and frees the connection',
    async play(stage) {
      const { server, client } = stage;
      const abort = new AbortController();
      const reason = new Error('enough');
      server.serve('held');
      const call = submit(stage, { signal: abort.signal }).catch((thrown: unknown) => thrown);
      await eventually(() => server.calls.length === 1, 'the submit never came');
      const open = server.open;
      abort.abort(reason);
      const end = await call;
      check(end === reason, `after an abort the call must reject with its reason, and ended with ${String(end)}`);
      await eventually(() => server.open < open, 'after an abort the connection of the call must be closed');
      check(client.pool.inUse === 0, 'after an abort pool.inUse must not count the call any more');
    },
  },
  {
    title: 'a call whose signal is aborted already is not sent',
    async play(stage) {
      const reason = new Error('enough');
      const end = await submit(stage, { signal: AbortSignal.abort(reason) }).catch((thrown: unknown) => thrown);
      check(end === reason, `the call must reject with the reason of the abort, and ended with ${String(end)}`);
      checkCalls(stage, 0, 'the signal was aborted before');
    },
  },
  {
    title: 'close ends calls that are under way, and all connections',
    async play(stage) {
      const { server, client } = stage;
      server.serve('held');
      const call = submit(stage).then(
        () => 'resolved',
        () => 'rejected',
      );
      await eventually(() => server.calls.length === 1, 'the submit never came');
      await within(client.close(), 'close() never ended, with a call under way');
      check(
        (await within(call, 'a call that was under way never ended after close()')) === 'rejected',
        'a call that close() ended resolved',
      );
      await eventually(() => server.open === 0, 'close() left connections open');
    },
  },
  {
    title: 'authenticate sends no work',
    async play(stage) {
      const token = await within(stage.client.authenticate({ requestId: null }), 'authenticate() never ended');
      checkCalls(stage, 0, 'authenticate()');
      const isToken = token === null || (Number.isInteger(token.generation) && token.expiresAt instanceof Date);
      check(isToken, `authenticate() must give null or {generation, expiresAt}, and gave ${inspect(token)}`);
    },
  },
];
