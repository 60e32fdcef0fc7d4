/** One variable that cannot be used. The problem says what is expected and never repeats the value. */
export interface ConfigProblem {
  variable: string;
  problem: string;
}

/** The environment cannot be used: every bad variable by name and what it expects, never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(
      [
        'The configuration cannot be used:',
        ...problems.map(({ variable, problem }) => `  ${variable} ${problem}`),
      ].join('\n'),
    );
    this.problems = problems;
  }
}
