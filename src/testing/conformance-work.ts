import { inspect } from 'node:util';
import type { ProviderClient } from '../provider/provider.ts';
import {
  check,
  checkCalls,
  checkError,
  failureOf,
  poll,
  submit,
  submitted,
  within,
  type Stage,
} from './conformance-stage.ts';
import type { ConformanceRule } from './conformance-submit.ts';
import type { ContractWork, ProviderContract, ReceivedCall } from './provider-contract.ts';

/** The rules of work that was submitted: polls, cancels, lookups; and of what must never be told. */
export const WORK_RULES: readonly ConformanceRule[] = [
  {
    title: 'a poll of work that goes on is waiting',
    async play(stage) {
      const { phase } = await poll(stage, stage.contract.waiting(stage.work));
      check(phase === 'waiting', `the phase of work that goes on must be waiting, and is ${phase}`);
      checkCalls(stage, 2, 'a submit and a poll');
    },
  },
  {
    title: 'a poll of work that is done has its result',
    async play(stage) {
      const done = stage.contract.completed(stage.work);
      const { phase, result } = await poll(stage, ...('length' in done ? done : [done]));
      check(phase === 'completed', `the phase of work that is done must be completed, and is ${phase}`);
      check(result !== null, 'the result of work that is done must be there');
    },
  },
  {
    title: 'a poll of work that failed says so, and why',
    async play(stage) {
      const when = 'a poll of work that failed';
      const end = await poll(stage, stage.contract.failed(stage.work, 'no such model')).catch(
        (error: unknown) => error,
      );
      if (end instanceof Error) {
        const error = await failureOf(Promise.reject(end), when);
        checkError(error, { outcome: 'final', retryable: false }, when);
      } else
        check(
          Reflect.get(end as object, 'phase') === 'failed',
          `${when}: the phase must be failed, and it is ${inspect(end)}`,
        );
      check(inspect(end).includes('no such model'), `${when}: what the provider says of it must be told`);
    },
  },
  {
    title: 'a word that nobody knows is unknown: the work is waited for',
    applies: ({ unknown }) => unknown !== undefined,
    async play(stage) {
      const reply = stage.contract.unknown?.(stage.work) ?? {};
      const { phase, status } = await poll(stage, reply);
      check(
        phase === 'unknown',
        `the phase of an unknown word must be unknown, and is ${phase}: accepted work would end for it`,
      );
      check(status !== '', 'status must be the word of the provider');
    },
  },
  {
    title: 'a reply to a poll that is about other work is unreadable',
    applies: (contract) => namesWork(contract),
    async play(stage) {
      const when = 'the reply to a poll is about other work';
      const error = await failureOf(poll(stage, stage.contract.waiting(stage.other)), when);
      checkError(error, { failure: 'unreadableReply' }, when);
    },
  },
  {
    title: 'a 404 to a poll carries the handle: it is about the work',
    async play(stage) {
      const when = 'a poll that is answered with 404';
      const error = await failureOf(poll(stage, { status: 404, body: stage.contract.error('no such work') }), when);
      checkError(error, { statusCode: 404 }, when);
      check(error.providerRequestId !== null, `${when}: the error must have the providerRequestId`);
    },
  },
  {
    title: 'a poll whose answer is lost says so, and is made once',
    async play(stage) {
      const when = 'the answer to a poll is lost';
      checkError(await failureOf(poll(stage, 'lost'), when), { outcome: 'ambiguous', retryable: true }, when);
      checkCalls(stage, 2, when);
    },
  },
  ...(['cancelled', 'finished', 'asked'] as const).map((outcome): ConformanceRule => ({
    title: `a cancel says whether the work is ${outcome}`,
    applies: ({ cancel }) => cancel?.[outcome] !== undefined,
    async play(stage) {
      const handle = await submitted(stage);
      stage.server.serve(stage.contract.cancel?.[outcome]?.(stage.work) ?? {});
      const found = await cancelled(stage, handle);
      check(found === outcome, `cancel() must give ${outcome}, and gave ${found}`);
      checkCalls(stage, 2, 'a submit and a cancel');
    },
  })),
  {
    title: 'without a call for it a cancel is not_supported, and sends nothing',
    applies: (contract) => contract.cancel === undefined,
    async play(stage) {
      const handle = await submitted(stage);
      const found = await cancelled(stage, handle);
      check(found === 'not_supported', `cancel() must give not_supported, and gave ${found}`);
      checkCalls(stage, 1, 'a cancel that the provider does not have');
    },
  },
  {
    title: 'a lookup finds the work of our reference, and no other',
    applies: ({ listed }) => listed !== undefined,
    async play(stage) {
      const handle = await submitted(stage);
      check(
        stage.client.listedAfterMs !== null,
        'listedAfterMs must not be null where the provider can be asked by our reference',
      );
      const looks: [works: ContractWork[], handles: string[], isEmpty: boolean][] = [
        [[stage.other, stage.work], [handle], false],
        [[stage.other], [], false],
        [[], [], true],
      ];
      for (const [works, handles, isEmpty] of looks) {
        stage.server.serve(stage.contract.listed?.(works) ?? {});
        const listed = await within(
          stage.client.find(stage.work.reference, { requestId: stage.work.reference }),
          'find() never ended',
        );
        const told = `find(), when ${works.length} works are listed, ${handles.length} of them ours,`;
        check(
          inspect(listed.handles) === inspect(handles),
          `${told} must give ${inspect(handles)}, and gave ${inspect(listed.handles)}`,
        );
        check(listed.isEmpty === isEmpty, `${told} must have isEmpty ${isEmpty}: a list of others proves nothing`);
      }
    },
  },
  {
    title: 'without a lookup nothing is looked for',
    applies: ({ listed }) => listed === undefined,
    play({ client: { listedAfterMs } }) {
      const problem = `listedAfterMs must be null where the provider cannot be asked by our reference, and is ${listedAfterMs}`;
      check(listedAfterMs === null, problem);
      return Promise.resolve();
    },
  },
  {
    title: 'no secret is in an error, also when the provider repeats it',
    async play(stage) {
      const { server, contract, work, secrets } = stage;
      const handle = await submitted(stage);
      const echoes = [secretsIn, ...secrets.map((secret) => () => [secret])];
      for (const echo of echoes) {
        let repeated: string[] = [];
        const why = (call: ReceivedCall): string => {
          repeated = echo(call);
          return `bad credentials: ${repeated.join(' ')}!`;
        };
        for (const status of [400, 500]) {
          server.serve((call) => ({ status, body: contract.error(why(call)) }));
          tellsNone(await submit(stage).catch((error: unknown) => error), repeated, `a ${status}`);
        }
        server.serve((call) => contract.failed(work, why(call)));
        const polled = stage.client.status(handle, { requestId: work.reference });
        const told = await within(polled, 'status() never ended').catch((error: unknown) => error);
        tellsNone(told, repeated, 'a failure of the work');
      }
    },
  },
];

async function cancelled({ client, work }: Stage, handle: string): ReturnType<ProviderClient['cancel']> {
  return await within(client.cancel(handle, { requestId: work.reference }), 'cancel() never ended');
}

/** Whether a reply to a poll says what it is about. */
function namesWork({ waiting }: ProviderContract): boolean {
  const about = (id: string): string =>
    JSON.stringify(waiting({ id, reference: 'req_1', baseUrl: 'http://localhost' }));
  return about('work-1') !== about('work-2');
}

const SECRET_HEADER = /authorization|token|secret|signature|^(?!idempotency).*key/;
/** `Bearer` is none. */
const SECRET = /^(?=.*\d)\S{12,}$/;

/** What looks like a credential in the headers of a call. */
function secretsIn({ headers }: ReceivedCall): string[] {
  const values = Object.entries(headers).filter(([name]) => SECRET_HEADER.test(name));
  return values.flatMap(([, value]) => String(value).split(/[\s,]+/)).filter((word) => SECRET.test(word));
}

function tellsNone(told: unknown, secrets: readonly string[], when: string): void {
  // With its members and causes.
  const text = inspect(told, { depth: 8 });
  const isTold = secrets.some((secret) => text.includes(secret));
  check(!isTold, `${when} that repeats a credential: it must be taken out of what is told, and is in it`);
}
