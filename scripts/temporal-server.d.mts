import type { Progress } from './lib/progress.mjs';

export interface TemporalBinaryOptions {
  progress: Progress;
  /** PATH, XDG_CACHE_HOME. */
  env?: NodeJS.ProcessEnv;
  downloadUrl?: string;
  goFolders?: readonly string[];
}

/** The path of a `temporal` executable that runs. @throws {Error} with all choices, when there is no way */
export function ensureTemporalBinary(options: TemporalBinaryOptions): Promise<string>;

export interface TemporalServerOptions {
  binary: string;
  /** Of the gRPC front end; a free one by default. */
  port?: number;
  /** Of the Web UI; null: none. */
  uiPort?: number | null;
  /** SQLite file that survives the server; in memory by default. */
  dbFilename?: string;
  logFile: string;
}

export interface TemporalServer {
  /** `host:port`. */
  address: string;
  uiUrl: string | null;
  pid: number;
  /** Resolves with a sentence when the server has ended. */
  ended: Promise<string>;
  /** Asks it to end, and kills it if it does not. */
  stop(graceMs?: number): Promise<void>;
  /** As a crash would. */
  kill(): Promise<void>;
}

/** Starts a Temporal development server of our own and waits until it answers. */
export function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer>;
