import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.ts';

/** Of these only one can be meant, and Node.js would take the first. */
const ONCE = ['host', 'authorization', 'content-type', 'content-encoding'] as const;

/** Where such a request ends, and another begins, is anybody's guess. */
const CLOSE = { connection: 'close' };

/** Refuses what no request may have in its header fields, whatever it asks for, before anything else of it is read. */
export function checkRequestFields(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const { expect } = request.headers;
    if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
      // RFC 9110, section 10.1.1.
      throw new HttpError(417, 'ExpectationFailedError', 'Expect may ask for 100-continue only.', CLOSE);
    }
    const twice = ONCE.find((name) => countOf(request, name) > 1);
    if (twice !== undefined) throw bad(`The header field ${twice} is there more than once.`);
    // RFC 9112, section 3.2.
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw bad('The header field host is missing.');
  });
}

function countOf({ raw }: FastifyRequest, name: string): number {
  return raw.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name).length;
}

function bad(detail: string): HttpError {
  return new HttpError(400, 'BadRequestError', detail, CLOSE);
}
