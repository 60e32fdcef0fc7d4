import { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { ExternalApiClient, type ListOptions } from '../../src/client/index.ts';

/** Never connects: what is wrong is refused before any call. */
const client = new ExternalApiClient(new Client({ connection: Connection.lazy() }));

test.each<[options: object, complaint: string]>([
  [
    { tennant: 'acme', status: 'failed' },
    'tennant: is not known; did you mean tenant? There are: status, tenant, provider, since, endedSince, error, withErrors, limit, cursor',
  ],
  [{ status: 'lost' }, 'status: must be one of: running, completed, failed, cancelled, timed_out, outcome_unknown'],
  [{ tenant: 'a b' }, 'tenant: must be 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first'],
  [{ endedSince: new Date('yesterday') }, 'endedSince: must be a time'],
  [{ limit: 0 }, 'limit: must be a whole number above 0'],
  [{ limit: 1.5 }, 'limit: must be a whole number above 0'],
  [{ cursor: 'bm9uc2Vuc2U' }, 'cursor: must be the one that an earlier list with the same filters ended with'],
])(
  '[M12][C4] a list of %j is refused: a filter that is dropped would show the requests of others',
  (options, complaint) => {
    expect(() => client.list(options as ListOptions)).toThrow(complaint);
  },
);
