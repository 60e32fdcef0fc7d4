import type { FastifyInstance } from 'fastify';
import { HttpError } from './http-error.ts';

/**
 * Bodies are JSON in UTF-8 (RFC 8259), and nothing else. Bytes that are not UTF-8 are refused rather than replaced:
 * the provider must get what the caller sent. A member named `__proto__` is data like any other, since nothing here
 * copies members from one object to another.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer)));
    } catch {
      done(new HttpError(400, 'MalformedJsonError', 'The body is not JSON in UTF-8.'));
    }
  });
}
