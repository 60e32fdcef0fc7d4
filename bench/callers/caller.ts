import type { ProviderAccess } from '../credentials.ts';
import type { LoadSample } from '../in-flight.ts';
import type { workOf } from '../work.ts';

export const CALLERS = ['undici', 'client', 'limited', 'bare', 'durable'] as const;
/** Who makes the calls: plain undici, our provider client (also at a limit), a bare workflow, our requests. */
export type CallerName = (typeof CALLERS)[number];

/** What a caller needs to begin. */
export interface CallerEnvironment {
  provider: ProviderAccess;
  /** Of those that need a server. */
  temporalAddress?: string;
  namespace?: string;
}

export interface Job {
  id: string;
  data: ReturnType<typeof workOf>;
  /** The provider takes the work with an id, and is asked once for the result; else it answers at once. */
  polled: boolean;
}

/** What is known of a job that is done. */
export interface Done {
  workflowId?: string;
  repeatedStarts?: number;
}

export type Caller = (job: Job) => Promise<Done>;

/** A load as the process of a caller is asked for it. */
export interface CallerLoad {
  polled: boolean;
  inFlight: number;
  calls: number;
}

export interface CallerSample extends LoadSample {
  repeatedStarts: number;
  /** Of the last job; absent without Temporal. */
  workflowId?: string;
}

/** @throws {Error} when this caller was started without a server */
export function temporalAddressOf({ temporalAddress }: CallerEnvironment): string {
  if (temporalAddress === undefined) throw new Error('This caller needs a Temporal server.');
  return temporalAddress;
}
