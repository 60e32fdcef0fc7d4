/** What a provider answers, in the cases of the conformance suite. */
export interface ContractReply {
  /** Default 200. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** JSON, unless it is a text. Default: none. */
  body?: unknown;
}

/** A call as it came. */
export interface ReceivedCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Work of the provider. */
export interface ContractWork {
  /** What the provider calls it. */
  readonly id: string;
  /** What we call it: the idempotency key of its submit. */
  readonly reference: string;
  /** Of the server that answers, for providers that answer with URLs. */
  readonly baseUrl: string;
}

type ReplyAbout = (work: ContractWork) => ContractReply;

/** How a provider speaks: its words for each situation that the conformance suite brings about. */
export interface ProviderContract {
  /** Answers what is about no work, such as a token call; null: it is about work. Default: all calls are. */
  aside?: (call: ReceivedCall) => ContractReply | null;
  /** To a submit: the work goes on, and this is how to ask for it. */
  accepted: ReplyAbout;
  /** To a poll: the work goes on. */
  waiting: ReplyAbout;
  /** To a poll: the work is done. Two replies where the result is one more call. */
  completed: (work: ContractWork) => ContractReply | readonly [poll: ContractReply, result: ContractReply];
  /** To a poll: the work failed, and the provider says why. */
  failed: (work: ContractWork, why: string) => ContractReply;
  /** To a poll: a word that stands in no documentation. Absent: the provider uses no words. */
  unknown?: ReplyAbout;
  /** The body of a 4xx or 5xx, which says why. */
  error: (why: string) => unknown;
  /** To a cancel. Absent: the provider has no such call. */
  cancel?: { cancelled?: ReplyAbout; finished?: ReplyAbout; asked?: ReplyAbout };
  /** To a lookup: a list of these works. Absent: the provider has no such call. */
  listed?: (works: readonly ContractWork[]) => ContractReply;
}

const TOKEN = { access_token: 'token-of-the-conformance-suite', token_type: 'Bearer', expires_in: 3600 };
const RESULT = { processed_data: { ok: true }, metadata: { processing_time: 0.5, version: '2.1' } };

/** The contract of the built-in profile: the data-processing API v2.1. */
export const DATA_PROCESSING: ProviderContract = {
  aside: ({ path }) => (path.endsWith('/oauth/token') ? { body: TOKEN } : null),
  accepted: ({ id }) => ({ status: 202, body: { success: true, request_id: id } }),
  waiting: ({ id }) => ({ body: { request_id: id, status: 'processing' } }),
  completed: ({ id }) => ({ body: { request_id: id, status: 'completed', result: RESULT } }),
  failed: ({ id }, error) => ({ body: { request_id: id, status: 'failed', error } }),
  unknown: ({ id }) => ({ body: { request_id: id, status: 'pondering' } }),
  error: (error) => ({ error }),
  cancel: {
    cancelled: ({ id }) => ({ body: { request_id: id, status: 'cancelled' } }),
    finished: () => ({ status: 409, body: { error: 'it is finished' } }),
  },
};
