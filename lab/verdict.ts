/** What must hold, by the name that the checker uses. */
export const RULES = {
  ended: 'every accepted request has ended',
  oneRequest: 'one idempotency key is one request, however often it is sent',
  effects: 'the provider executed each request at most once',
  done: 'a completed request was executed',
  ownResult: 'what was sent and what came back are its own, never another’s',
  forward: 'no reader saw a status go backwards',
  lostIsUnknown: 'no key: whose reply was lost became outcome_unknown',
  notResent: 'no key: nothing was sent again but after a refusal, a person’s decision or a lookup that found nothing',
  lookedUp: 'mode lookup: the provider was asked what became of lost replies',
  noPerson: 'mode lookup: an outcome needs a person, or stays unknown, only after a deadline or a cancellation',
  neverUnknown: 'mode key: an outcome is unknown only after a fault that lasts, a deadline or a cancellation',
  nothingSent: 'cancelled with nothing sent: the provider got nothing but what it refused',
  cancelHeeded: 'a request that was asked to cancel ended as cancelled, or as the provider’s own answer says',
  timedOutUnsent: 'timed out and retryable: the provider got nothing but what it refused',
  failedUnsent: 'failed and retryable: the provider got nothing but what it refused',
  window: 'the provider got no more calls in any window than the budget allows',
  known: 'the provider got no work but that of accepted requests',
  ownId: 'the id at the provider that a request ended with is of its own work, whatever a callback said',
  callbackTaken: 'a callback by a genuine link was answered 204 in the end, early, late or twice',
  delivered: 'a request that has ended was delivered at least once, with the status that its history ends with',
  toldTrue: 'what a delivery told is the end of its own request, each time under the same webhook-id',
  signed: 'no delivery had a false signature',
  goneHeeded: 'a receiver that answered 410 was told again only where whoever heard that died',
  notForbidden: 'no delivery reached a forbidden address',
  forgedRefused: 'a forged callback was refused: 401, and 404 where the request never was',
} as const;
export type RuleName = keyof typeof RULES;

export interface Violation {
  /** Title of the rule. */
  rule: string;
  requestId: string;
  evidence: string;
}

export interface Verdict {
  /** Each rule, how many things it was held against, and how many of them broke it. */
  rules: { rule: string; checked: number; broken: number }[];
  violations: Violation[];
  /** What happened, for the reader: no rule. */
  counts: Record<string, number>;
}

/** A verdict that is being reached. */
export class Judgement implements Verdict {
  readonly violations: Violation[] = [];
  readonly counts: Record<string, number> = {};
  readonly #rules = new Map(Object.entries(RULES).map(([name, rule]) => [name, { rule, checked: 0, broken: 0 }]));

  get rules(): Verdict['rules'] {
    return [...this.#rules.values()];
  }

  /** Without it a run's figures would lack the rules. */
  toJSON(): Verdict {
    const { rules, violations, counts } = this;
    return { rules, violations, counts };
  }

  hold(name: RuleName, holds: boolean, requestId: string, evidence: string): void {
    const row = this.#rules.get(name);
    if (row === undefined) throw new Error(`There is no rule ${name}.`);
    row.checked += 1;
    if (holds) return;
    row.broken += 1;
    this.violations.push({ rule: row.rule, requestId, evidence });
  }

  count(name: string, n: number): void {
    this.counts[name] = (this.counts[name] ?? 0) + n;
  }
}
