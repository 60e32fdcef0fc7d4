import type { Endpoint } from './endpoint.ts';
import type { FaultKind } from './faults.ts';

/** What really happened to one call, whatever the caller was told. Times are milliseconds since 1970, with fractions. */
export interface LedgerEntry {
  /** 1, 2, 3, … in order of arrival. */
  readonly seq: number;
  readonly endpoint: Endpoint;
  readonly method: string;
  readonly arrivedAt: number;
  /** The Idempotency-Key header; of a status call, the one its job was submitted with. */
  idempotencyKey: string | null;
  /** SHA-256 of the canonical text (RFC 8785) of the body's `data`, in hex; null when no such body was read. */
  bodySha256: string | null;
  /** The id of the job that this call made, repeated or asked for. */
  providerRequestId: string | null;
  /** Whether the effect happened: a job was made, a token issued. False for a repeat of an honoured key and for reads. */
  executed: boolean;
  /** Null until answered, and for good when no whole answer was written. */
  answeredAt: number | null;
  statusCode: number | null;
  /** The scripted fault that this call met. */
  fault: FaultKind | null;
}

/** Every call that arrived, in order; nothing is ever taken out. It holds no credentials and no request data. */
export class Ledger {
  readonly #entries: LedgerEntry[] = [];

  get entries(): readonly Readonly<LedgerEntry>[] {
    return this.#entries;
  }

  open(endpoint: Endpoint, method: string, arrivedAt: number, idempotencyKey: string | null): LedgerEntry {
    const entry: LedgerEntry = {
      seq: this.#entries.length + 1,
      endpoint,
      method,
      arrivedAt,
      idempotencyKey,
      bodySha256: null,
      providerRequestId: null,
      executed: false,
      answeredAt: null,
      statusCode: null,
      fault: null,
    };
    this.#entries.push(entry);
    return entry;
  }
}
