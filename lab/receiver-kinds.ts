/** What a receiver of the lab does: for good, or to so many attempts to tell one end, before it takes them. */
interface Kind {
  /** `no answer`: it reads the delivery, and ends the connection. */
  does: number | 'no answer';
  attempts: number;
  /** Milliseconds to every answer. */
  after: number;
}

const kind = (does: Kind['does'], attempts: number, after = 0): Kind => ({ does, attempts, after });

export const RECEIVERS = {
  up: kind(204, 0),
  slow: kind(204, 0, 3_000),
  'down at first': kind(503, 1),
  // The third attempt comes five minutes after the second: a person sends it again before.
  'down twice': kind(503, 2),
  'answer lost': kind('no answer', 1),
  gone: kind(410, Infinity),
  redirecting: kind(302, Infinity),
} as const satisfies Record<string, Kind>;
export type ReceiverKind = keyof typeof RECEIVERS;

/** Whether it takes a delivery at some time. */
export function takes(name: ReceiverKind): boolean {
  return RECEIVERS[name].attempts < Infinity;
}

/** Where a request wants its end to be told. */
export interface Callback {
  receiver: ReceiverKind;
  /** Of its URL: no other request has it. */
  path: string;
}

export function callbackOf(receiver: ReceiverKind, n: number): Callback {
  return { receiver, path: `/${encodeURIComponent(receiver)}/${n}` };
}

/** One attempt as the receiver had it. */
export interface Delivered {
  path: string;
  /** Milliseconds since 1970. */
  at: number;
  webhookId: string | null;
  /** Whether its signature was that of our secret, as the library of Standard Webhooks has it. */
  isGenuine: boolean;
  /** What it says; null: it cannot be read. */
  says: { type: string; requestId: string; status: string; resultSha256: string | null } | null;
  /** What it was answered; null: nothing. */
  statusCode: number | null;
}

/** All that the receivers had of a run. */
export interface DeliveryEvidence {
  received: readonly Delivered[];
  /** Connections to where no delivery may go, and how many deliveries had a URL of there. */
  forbidden: { connections: number; tried: number };
  /** When a worker died or froze, or the Temporal server: milliseconds since 1970. What they had in hand may be done again. */
  disturbedAt: readonly number[];
}
