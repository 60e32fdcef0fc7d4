import { HttpError } from '../http-error.ts';

const UNITS = [
  ['MiB', 1024 * 1024],
  ['KiB', 1024],
] as const;

/** Fastify's own says no number. */
export function bodyTooLarge(mostBytes: number): HttpError {
  return new HttpError(413, 'PayloadTooLargeError', `The body is larger than ${inWords(mostBytes)}.`);
}

export function isBodyTooLarge(error: Error): boolean {
  return 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE';
}

function inWords(bytes: number): string {
  const [unit, size] = UNITS.find(([, each]) => bytes % each === 0) ?? ['bytes', 1];
  return `${bytes / size} ${unit}`;
}
