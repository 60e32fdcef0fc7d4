import { describe, expect, test } from 'vitest';
import type { ExternalAPIError } from '../../src/contract/errors.ts';
import type { Operation } from '../../src/contract/values.ts';
import { reply, startRawServer, type RawServer, type RawServerOptions } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, failureOf, WORK, type ClientUnderTest } from './client-under-test.ts';

const LARGE = { 'x-large': 'x'.repeat(100 * 1024) };

type Call = (client: ClientUnderTest) => Promise<unknown>;
const CALLS: Readonly<Record<Exclude<Operation, 'result' | 'lookup'>, Call>> = {
  token: (client) => client.authenticate(CONTEXT),
  submit: (client) => client.process(WORK, CONTEXT),
  status: (client) => client.status('job-1', CONTEXT),
  cancel: (client) => client.cancel('job-1', CONTEXT),
};

async function meeting(
  call: Call,
  options: RawServerOptions,
): Promise<{ error: ExternalAPIError; server: RawServer; client: ClientUnderTest }> {
  await using server = await startRawServer(options);
  await using client = clientFor(server.url);
  return { error: await failureOf(call(client)), server, client };
}

const token = (length: number): string => 'canary'.padEnd(length, '-canary');
function grant(access_token: string): Required<RawServerOptions>['onToken'] {
  return (_call, res) => reply(res, 200, { access_token, token_type: 'Bearer' }, { connection: 'close' });
}

describe('an answer with 100 KiB of headers', () => {
  test.each(['submit', 'status', 'cancel'] as const)(
    '[M12][M6] to a %s is an unreadable reply that says so, and the next call goes through',
    async (operation) => {
      let large = true;
      await using server = await startRawServer({
        onCall: (_call, res) => {
          reply(res, 200, { request_id: 'job-1', status: 'processing' }, large ? LARGE : {});
          large = false;
        },
      });
      await using client = clientFor(server.url);
      expect(await failureOf(CALLS[operation](client))).toMatchObject({
        name: 'ExternalAPIError',
        failure: 'unreadableReply',
        outcome: 'ambiguous',
        message: `Unreadable reply from ${server.url}: its headers are larger than 16 KiB`,
      });
      await expect(CALLS[operation](client)).resolves.toBeDefined();
    },
  );

  test('[M12][M6] to a token call says that it is about the token, and nothing is submitted', async () => {
    const onToken: RawServerOptions['onToken'] = (_call, res) => reply(res, 200, { access_token: 'x' }, LARGE);
    const { error, server } = await meeting(CALLS.submit, { onToken });
    expect(error).toMatchObject({
      name: 'ExternalAPIError',
      outcome: 'never-sent',
      message: `Could not get a token: Unreadable reply from ${server.url}: its headers are larger than 16 KiB`,
    });
    expect(server.arrivals()).toEqual([]);
  });
});

describe('an access token that is too long', () => {
  test('[M2][M6] for every header: it is not used, and the message has both lengths', async () => {
    const { error, server, client } = await meeting(CALLS.submit, { onToken: grant(token(64 * 1024)) });
    expect(error).toMatchObject({
      name: 'ExternalAPIError',
      outcome: 'never-sent',
      message:
        'Could not get a token: Unreadable reply: its access_token has 65536 characters, ' +
        'and at most 16384 can be sent in a header',
    });
    expect(server.arrivals()).toEqual([]);
    expect(JSON.stringify([error, client.records])).not.toContain('canary');
  });

  test.each(['submit', 'status'] as const)(
    '[M2][M6] for this provider: its 431 to a %s says how large the headers are',
    async (operation) => {
      // Node.js, too, takes 16 KiB of headers.
      const { error } = await meeting(CALLS[operation], { onToken: grant(token(16 * 1024)) });
      expect(error).toMatchObject({
        name: 'ExternalAPIError',
        statusCode: 431,
        failure: 'declined',
        outcome: 'final',
        message: expect.stringMatching(
          /^Unknown error \(status: 431\): the headers of the call are too large: \d+ bytes, 16391 of them the authorization$/,
        ),
      });
      expect(error.message).not.toContain('canary');
    },
  );
});
