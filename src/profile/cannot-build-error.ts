/** What a call is made of does not fit where the profile puts it. Nothing is sent; no value is in the message. */
export class CannotBuildError extends Error {
  override readonly name = 'CannotBuildError';
}
