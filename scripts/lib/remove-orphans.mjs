import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const MADE = /^(.*?)(\.d\.c?ts|\.c?js|\.js\.map|\.d\.ts\.map)$/;

/**
 * Removes what was compiled from files of `source` that are gone: the compiler leaves it, and a forgotten import of it would
 * work here and in no fresh checkout.
 *
 * @param {string} output
 * @param {string} source
 * @param {readonly string[]} others names at the top of `output` that are not made from `source`
 */
export function removeOrphans(output, source, others) {
  if (!existsSync(output)) return;
  for (const name of readdirSync(output, { recursive: true, encoding: 'utf8' })) {
    const made = MADE.exec(name);
    const isOther = others.some((other) => name === other || name.startsWith(`${other}/`));
    if (made !== null && !isOther && !existsSync(join(source, `${made[1]}.ts`))) rmSync(join(output, name));
  }
}
