/** Work that a provider took. */
export class Job {
  readonly id: string;
  /** What it was told of it. */
  readonly input: unknown;
  #words: readonly string[];
  #looks = 0;

  constructor(id: string, input: unknown, words: readonly string[]) {
    this.id = id;
    this.input = input;
    this.#words = words;
  }

  /** The provider's word for it now. */
  get word(): string {
    return this.#words[Math.min(this.#looks, this.#words.length - 1)] ?? '';
  }

  /** The word that a poll finds: the next one, until the last. */
  look(): string {
    this.#looks += 1;
    return this.word;
  }

  /** From now on: what it is at once, and then. */
  become(...words: string[]): void {
    this.#words = words;
    this.#looks = 0;
  }

  is(...words: string[]): boolean {
    return words.includes(this.word);
  }
}

/** All work of a provider. */
export class Work {
  readonly jobs: Job[] = [];
  /** What the jobs that come are at first, and what each poll then finds. */
  words: readonly string[] = [];
  /** What the next job is called. Default: as the contract calls them. */
  nextId: string | null = null;
  /** How many signed URLs were given out. */
  links = 0;
  readonly #byKey = new Map<string, Job>();

  /** @param key the same one is the same job */
  take(name: (n: number) => string, input: unknown, key?: string): Job {
    const known = key === undefined ? undefined : this.#byKey.get(key);
    if (known !== undefined) return known;
    const job = new Job(this.nextId ?? name(this.jobs.length + 1), input, this.words);
    this.nextId = null;
    this.jobs.push(job);
    if (key !== undefined) this.#byKey.set(key, job);
    return job;
  }

  find(id: string | undefined): Job | undefined {
    return this.jobs.find((job) => job.id === id);
  }
}
