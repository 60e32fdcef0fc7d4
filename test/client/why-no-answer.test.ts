import { expect, test } from 'vitest';
import { whyNoAnswer } from '../../src/client/why-no-answer.ts';

test.each(['localhost:99999', 'local host:7233'])(
  '[C4] the address %s of a server is told to be none',
  async (address) => {
    expect(await whyNoAnswer({ address })).toBe(
      'That is no address of a server: expected host:port, such as localhost:7233.',
    );
  },
);
