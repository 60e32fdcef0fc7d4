import { STATUS_CODE } from './place.ts';
import { ANYTHING, wordsIn, type Profile } from './schema.ts';

/** The status words that the rules of a profile name, as readings show them, in lower case. */
export function wordsOf({ reply, submit, poll, cancel }: Profile): ReadonlySet<string> {
  const rules = [reply, submit.read, poll.read, cancel?.read].flatMap((reading) => reading?.phase ?? []);
  return new Set(
    rules.flatMap((rule) =>
      wordsIn(rule)
        .filter((word) => word !== ANYTHING)
        .map((word) => (rule.at === STATUS_CODE ? `http ${word}` : word)),
    ),
  );
}
