import type { FastifyInstance } from 'fastify';
import { InvalidRequestError } from '../client/client-errors.ts';
import { inexactIn } from '../contract/exact-json.ts';
import { HttpError } from './http-error.ts';

/**
 * Bodies are JSON in UTF-8 (RFC 8259), and nothing else. Bytes that are not UTF-8 are refused rather than replaced:
 * the provider must get what the caller sent. A member named `__proto__` is data like any other, since nothing here
 * copies members from one object to another. What `JSON.parse` would change without a word is refused too.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    let text: string;
    let json: unknown;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer);
      json = JSON.parse(text);
    } catch {
      done(new HttpError(400, 'MalformedJsonError', 'The body is not JSON in UTF-8.'));
      return;
    }
    const inexact = inexactIn(text);
    if (inexact === null) done(null, json);
    else done(new InvalidRequestError([{ path: inexact.path, message: inexact.problem }]));
  });
}
