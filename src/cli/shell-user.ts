import { userInfo } from 'node:os';
import { UsageError } from './exit.ts';

/** Who is at this shell, unless `--by` says who asks. */
export function shellUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user id that has no name.
    throw new UsageError('say who you are: --by <name>');
  }
}
