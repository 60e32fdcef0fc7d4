/** What looks like abuse, or like a fault that nobody has seen yet. */
export interface SuspicionRule {
  readonly means: string;
  /** What is counted apart from each other. */
  readonly by: 'remote_address' | 'tenant' | 'operation' | 'gateway';
  /** So many in a window are told of. */
  readonly threshold: number;
  /** Only if they are so large a part of all. */
  readonly share?: number;
}

export const SUSPICIONS = {
  failed_authentication: { means: 'callers without a good key', by: 'remote_address', threshold: 20 },
  foreign_request: { means: 'a tenant asks for requests of others', by: 'tenant', threshold: 10 },
  refused_callback: { means: 'callbacks that are forged', by: 'remote_address', threshold: 20 },
  refused_target: { means: 'a tenant names URLs that nothing is delivered to', by: 'tenant', threshold: 10 },
  unreadable_reply: { means: 'the provider answers otherwise than its contract says', by: 'operation', threshold: 20 },
  failing_calls: { means: 'calls to the provider fail', by: 'operation', threshold: 50, share: 0.5 },
  failing_answers: { means: 'the gateway answers with a 5xx', by: 'gateway', threshold: 50, share: 0.5 },
} as const satisfies Record<string, SuspicionRule>;
export type SuspicionName = keyof typeof SUSPICIONS;
export const SUSPICION_NAMES = Object.keys(SUSPICIONS) as SuspicionName[];

export interface SuspicionLimits {
  /** Milliseconds in which is counted. */
  readonly windowMs: number;
  /** Other thresholds than those of the table; 0: the rule is off. */
  readonly thresholds: Readonly<Partial<Record<SuspicionName, number>>>;
}

export const USUAL_SUSPICIONS: SuspicionLimits = { windowMs: 60_000, thresholds: {} };
