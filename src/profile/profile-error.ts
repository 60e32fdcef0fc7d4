/** A mistake of a profile file, and where. */
export interface LocatedMistake {
  /** From 1; null: of the file as a whole. */
  line: number | null;
  /** Such as `submit.call`; empty: the whole. */
  member: string;
  /** The end of a sentence that begins with the member. */
  problem: string;
}

/** A profile cannot be used: every mistake with its line, its member and what is expected. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly file: string;
  readonly mistakes: readonly LocatedMistake[];

  constructor(file: string, mistakes: readonly LocatedMistake[]) {
    super(
      [`${file} cannot be used as a profile:`, ...mistakes.map((mistake) => `  ${told(file, mistake)}`)].join('\n'),
    );
    this.file = file;
    this.mistakes = mistakes;
  }
}

function told(file: string, { line, member, problem }: LocatedMistake): string {
  const place = line === null ? file : `${file}:${line}`;
  return member === '' ? `${place} ${problem}` : `${place} ${member} ${problem}`;
}
