/** Temporal's limit of a payload is 2 MiB (error `BlobSizeLimit`); ours leaves room for what travels with it. */
const MAX_PAYLOAD_BYTES = 2 * 1024 * 1024 - 64 * 1024;

/** JSON bytes of a request's input. */
export const MAX_INPUT_BYTES = MAX_PAYLOAD_BYTES;

/** JSON bytes of a provider's result. */
export const MAX_RESULT_BYTES = MAX_PAYLOAD_BYTES;

/** Arrays and objects in one another in a request's data. */
export const MAX_DATA_DEPTH = 64;

/** Of a body of the gateway: as configured by default, and at most, which is more than Temporal takes. */
export const BODY_BYTES = 1024 * 1024;
export const LARGEST_BODY_BYTES = 2 * BODY_BYTES;

/** What a body of the gateway may hold: looking through so much takes it a tenth of a second. */
export const MAX_BODY_MEMBERS = 20_000;
export const MAX_BODY_VALUES = 100_000;

/** Milliseconds from the start of a request to its end, and that an unknown outcome may be held: 30 days. */
export const MAX_DEADLINE_MS = 30 * 86_400_000;

/** Characters of who decides on an unknown outcome, and why: both stay in the history and in every later status. */
export const MAX_DECIDED_BY = 200;
/** Of what a caller of the gateway calls itself, so that its tenant has room beside it. */
export const MAX_CALLED_BY = 100;
export const MAX_DECISION_REASON = 2000;
