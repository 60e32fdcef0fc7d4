import type { ErrorCode } from './values.ts';

/**
 * The base of every error that the client throws on its own account, so that one `catch` can tell them from bugs. What it
 * throws besides is the `reason` of a caller's own signal.
 */
export abstract class DurableRequestError extends Error {
  /** For programs: stays as it is, also where a bundler renames the class. */
  abstract readonly code: ErrorCode;

  /** The name of the class; what the provider's errors say instead, see ExternalAPIError. */
  get type(): string {
    return this.name;
  }
}
