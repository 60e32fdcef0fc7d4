import type { FastifyInstance } from 'fastify';
import { InvalidRequestError } from '../client/client-errors.ts';
import { excessIn, inexactIn, type JsonBounds } from '../contract/exact-json.ts';
import { MAX_BODY_MEMBERS, MAX_BODY_VALUES, MAX_DATA_DEPTH } from '../contract/limits.ts';
import { HttpError } from './http-error.ts';

// The body is an object around the data.
const BOUNDS: JsonBounds = { depth: MAX_DATA_DEPTH + 1, members: MAX_BODY_MEMBERS, values: MAX_BODY_VALUES };

const EXCESSES: Readonly<Record<keyof JsonBounds, string>> = {
  depth: `data is nested deeper than ${MAX_DATA_DEPTH} levels`,
  members: `the body has more than ${MAX_BODY_MEMBERS} members of objects`,
  values: `the body has more than ${MAX_BODY_VALUES} values`,
};

/**
 * Bodies are JSON in UTF-8 (RFC 8259), as they are, and nothing else. Bytes that are not UTF-8 are refused rather than
 * replaced: the provider must get what the caller sent. A member named `__proto__` is data like any other, since nothing
 * here copies members from one object to another. What `JSON.parse` would change without a word is refused too.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      refuseCoding(request.headers['content-encoding']);
      done(null, parse(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** @throws HttpError, InvalidRequestError */
function parse(body: Buffer): unknown {
  const text = decoded(body);
  const excess = excessIn(text, BOUNDS);
  if (excess !== null) throw new InvalidRequestError([{ path: '', message: EXCESSES[excess] }]);
  const json = parsed(text);
  const inexact = inexactIn(text);
  if (inexact !== null) throw new InvalidRequestError([{ path: inexact.path, message: inexact.problem }]);
  return json;
}

/** RFC 9110, section 15.5.16. */
function refuseCoding(coding = 'identity'): void {
  if (/^\s*identity\s*$/i.test(coding)) return;
  const detail = 'The body must come as it is. Send it without Content-Encoding.';
  throw new HttpError(415, 'UnsupportedMediaTypeError', detail, { 'accept-encoding': 'identity' });
}

function decoded(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformed();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed();
  }
}

function malformed(): HttpError {
  return new HttpError(400, 'MalformedJsonError', 'The body is not JSON in UTF-8.');
}
