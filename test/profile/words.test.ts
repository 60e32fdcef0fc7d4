import { expect, test } from 'vitest';
import { loadProfile } from '../../src/profile/load-profile.ts';
import { wordsOf } from '../../src/profile/words.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';

test('[N13][M14] the words of a profile are those of all its rules, as readings show them, and no more', () => {
  expect([...wordsOf(BUILT_IN)].toSorted()).toEqual(
    'false queued pending processing running completed succeeded failed error cancelled canceled'
      .split(' ')
      .concat([200, 201, 202, 203, 204, 205, 206, 409].map((status) => `http ${status}`))
      .toSorted(),
  );
  expect(wordsOf(loadProfile('shotstack'))).toContain('rendering');
});
