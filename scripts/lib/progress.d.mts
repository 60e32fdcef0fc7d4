export interface Progress {
  say(line?: string): void;
  /** Runs `work`, and shows `title` with the time it has taken so far. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
}

export function createProgress(stream?: NodeJS.WritableStream): Progress;
