import type { Call, MakeCall } from './call.ts';
import type { HttpReply } from './transport.ts';

/** A call as it went over the wire, credentials and all: only for who takes them out before anybody sees it. */
export interface WatchedCall {
  call: Pick<Call<unknown>, 'operation' | 'method' | 'path' | 'headers' | 'body' | 'providerRequestId'>;
  origin: string;
  /** Null: none came whole. */
  reply: HttpReply | null;
  /** What the call ended with; null: it was answered, and its answer read. */
  error: unknown;
  durationMs: number;
}

/** Told of every call when it is over, and of those that were not sent. Must not throw. */
export type WatchCalls = (watched: WatchedCall) => void;

/** Tells of the calls that `make` makes. */
export function watched(make: MakeCall, origin: string, watch: WatchCalls): MakeCall {
  return async (call) => {
    const startedAt = performance.now();
    let reply: HttpReply | null = null;
    const read: typeof call.read = (given, retryAfterMs) => call.read((reply = given), retryAfterMs);
    const tell = (error: unknown): void =>
      watch({ call, origin, reply, error, durationMs: performance.now() - startedAt });
    try {
      const value = await make({ ...call, read });
      tell(null);
      return value;
    } catch (error) {
      tell(error);
      throw error;
    }
  };
}
