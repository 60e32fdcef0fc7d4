import type { Client } from '@temporalio/client';
import type { OpenWaits } from './open-waits.ts';
import { ofStart, translated } from './temporal-errors.ts';

/** Makes a call to the server in bounded time, with errors in this package's words. @param requestId '': it is about none */
export type Rpc = <Result>(requestId: string, call: () => Promise<Result>, deadlineMs?: number) => Promise<Result>;

/** The same, where it is settled which request all calls are about, if any. */
export type BoundRpc = <Result>(call: () => Promise<Result>) => Promise<Result>;

export interface ServerCalls {
  rpc: Rpc;
  /** A start that nobody answered may have happened: its error says so. */
  start(requestId: string, start: () => Promise<void>): Promise<void>;
  /** As `rpc`, and as long as the call takes. */
  told<Result>(requestId: string, call: () => Promise<Result>): Promise<Result>;
}

/** @param server its address, and where that was taken from */
export function serverCalls(client: Client, waits: OpenWaits, server: () => string | undefined): ServerCalls {
  async function told<Result>(requestId: string, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      throw translated(error, requestId, server());
    }
  }

  const rpc: Rpc = async (requestId, call, deadlineMs = 5_000) => {
    const inTime = () => client.withDeadline(Date.now() + deadlineMs, call);
    return await told(requestId, () => waits.wait(inTime));
  };

  async function start(requestId: string, call: () => Promise<void>): Promise<void> {
    try {
      await rpc(requestId, call);
    } catch (error) {
      throw ofStart(error, requestId);
    }
  }

  return { rpc, start, told };
}
