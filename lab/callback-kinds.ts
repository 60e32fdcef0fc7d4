/**
 * What becomes of a callback on its way, and what is made up beside it: each with the answer that the gateway must give in the
 * end, null where it gets none.
 */
export const CALLBACK_KINDS = {
  'passed on': 204,
  doubled: 204,
  late: 204,
  lost: null,
  'forged: another key': 401,
  'forged: the link of another request': 401,
  'forged: a request that never was': 404,
  // Its link is genuine: what its body says is for the provider to confirm.
  'forged: the work of another request': 204,
} as const;
export type CallbackKind = keyof typeof CALLBACK_KINDS;

/** One callback that the lab's relay had from the provider, or made up. */
export interface CallbackSeen {
  kind: CallbackKind;
  /** Whom its link names. */
  requestId: string;
  /** The provider's id of the work that its body names. */
  providerRequestId: string | null;
  /** When the relay had it: milliseconds since 1970. */
  at: number;
  /** What the gateway answered at last; null: nothing was sent, or it never answered. */
  statusCode: number | null;
}
