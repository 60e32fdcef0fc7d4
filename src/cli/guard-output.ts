import { getSystemErrorMap } from 'node:util';
import { EXIT } from './exit.ts';
import { tell } from './output.ts';

/** A command whose output cannot be written says so and ends, without a stack. */
export function guardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads our output has seen enough of it: `external-api list | head`.
    if (error.code === 'EPIPE') process.exit();
    tell(`error: The output cannot be written: ${wordsOf(error)}. What the command was to do is not undone.`);
    process.exit(EXIT.output);
  });
  // Nobody can be told. Whoever stopped reading messages may still wait for what the command finds.
  process.stderr.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exit(EXIT.output);
  });
}

/** `no space left on device (ENOSPC)`. */
function wordsOf({ code = 'unknown error', errno = 0 }: NodeJS.ErrnoException): string {
  const words = getSystemErrorMap().get(errno)?.[1];
  return words === undefined ? code : `${words} (${code})`;
}
