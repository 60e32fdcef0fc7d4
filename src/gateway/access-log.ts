import type { FastifyInstance } from 'fastify';

/** One line for every answered request: no query, no body, no header. Probes are logged at debug. */
export function logAccess(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const line = {
      event: 'gateway_request',
      method: request.method,
      // The pattern, not the path: what a caller put into an unknown path may be a secret.
      route: request.routeOptions.url ?? null,
      status_code: reply.statusCode,
      // Seconds, as everywhere in our logs.
      response_time: Math.round(reply.elapsedTime) / 1000,
      tenant: request.tenant === '' ? null : request.tenant,
      request_id: request.externalRequestId,
    };
    if (request.routeOptions.config.probe === true) request.log.debug(line);
    else request.log.info(line);
  });
}
