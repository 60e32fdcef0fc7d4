import { status } from '@grpc/grpc-js';
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { CallRepeated } from './client-events.ts';
import type { ConnectOptions } from './client-options.ts';
import { OpenCalls } from './open-calls.ts';
import { withProxyRules } from './temporal-channel.ts';

/** Between two attempts to connect; gRPC's own pauses grow to two minutes, for which a server that is back would not be seen. */
const LONGEST_BACKOFF_MS = 2_000;

/** A Temporal client that connects when first used, with the calls that it has open. */
export function ownConnection(
  temporal: NonNullable<ConnectOptions['temporal']>,
  repeated: (event: CallRepeated) => void,
): { client: Client; calls: OpenCalls } {
  const calls = new OpenCalls();
  const defaults = defaultGrpcRetryOptions();
  const retry = makeGrpcRetryInterceptor({
    ...defaults,
    delayFunction: (attempt, failed) => {
      const delayMs = Math.round(defaults.delayFunction(attempt, failed));
      repeated({ attempt, delayMs, code: status[failed.code] ?? String(failed.code), message: failed.details });
      return delayMs;
    },
  });
  const interceptors = [retry, calls.interceptor];
  const channelArgs = { 'grpc.max_reconnect_backoff_ms': LONGEST_BACKOFF_MS };
  const connection = Connection.lazy({
    ...withProxyRules({ ...temporal.connectionOptions, channelArgs }),
    interceptors,
  });
  return { client: new Client({ connection, namespace: temporal.namespace ?? 'default' }), calls };
}
