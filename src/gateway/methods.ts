import type { FastifyInstance, HTTPMethods, RawServerDefault } from 'fastify';
import { HttpError } from './http-error.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Answers 405 with `Allow` (RFC 9110, section 15.5.6) to every other method on `url`. */
export function allowOnly(
  app: Pick<FastifyInstance<RawServerDefault>, 'route'>,
  url: string,
  allowed: HTTPMethods[],
): void {
  app.route({
    url,
    method: METHODS.filter((method) => !allowed.includes(method)),
    schema: { hide: true },
    onRequest: async () => {
      const allow = allowed.join(', ');
      throw new HttpError(405, 'MethodNotAllowedError', `Use ${allow} here.`, { allow });
    },
    handler: () => undefined,
  });
}
