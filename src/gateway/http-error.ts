import type { Problem } from './wire-schemas.ts';

/** A refusal by the gateway itself, before or instead of a durable request. */
export class HttpError extends Error {
  override readonly name: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Partial<Problem>;

  /**
   * @param name the `error` member of the problem response
   * @param cause what the log tells instead of `detail`, which is for callers
   * @param members more that the problem tells
   */
  constructor(
    status: number,
    name: string,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    cause?: Error,
    members: Partial<Problem> = {},
  ) {
    super(detail, { cause });
    this.name = name;
    this.status = status;
    this.headers = headers;
    this.members = members;
  }
}
