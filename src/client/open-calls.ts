import { InterceptingCall, Metadata, status, type Interceptor } from '@grpc/grpc-js';

type Call = ReturnType<Interceptor>;

/** `details` of the status with which a call ends because its client was closed. */
export const CLIENT_CLOSED = 'The client was closed.';

/**
 * The calls of one connection to Temporal, so that closing it ends them. A call that waits for its repetition would be made
 * on the closed channel, which throws in a timer: an uncaught exception, and the call never ends.
 */
export class OpenCalls {
  readonly #calls = new Set<Call>();
  #isClosed = false;

  /** To be the last of the connection's interceptors. */
  readonly interceptor: Interceptor = (options, nextCall) => {
    if (this.#isClosed) return closedCall();
    const call = new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) =>
        next(metadata, {
          onReceiveStatus: (received, end) => {
            this.#calls.delete(call);
            end(received);
          },
        }),
    });
    this.#calls.add(call);
    return call;
  };

  /** Ends all calls, those that come later too, with the status CANCELLED. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls) call.cancelWithStatus(status.CANCELLED, CLIENT_CLOSED);
  }
}

function closedCall(): Call {
  const nothing = (): void => {};
  const ended = { code: status.CANCELLED, details: CLIENT_CLOSED, metadata: new Metadata() };
  // Nothing is passed on, so that there is no next call.
  return new InterceptingCall(null as never, {
    start: (_metadata, listener) =>
      queueMicrotask(() => {
        // As grpc-js does: there is no status without a message before it, which may be none.
        listener.onReceiveMessage(null);
        listener.onReceiveStatus(ended);
      }),
    sendMessage: nothing,
    halfClose: nothing,
    cancel: nothing,
  });
}
