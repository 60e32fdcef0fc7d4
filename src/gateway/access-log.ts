import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.ts';

/** Why a request could not be served, though nothing is wrong with it. */
export interface ServiceFailure {
  error: Error;
  /** As its caller was told; null: a defect of ours. */
  type: string | null;
}

/**
 * One line for every answered request, and whatever went wrong in it: no query, no body, no header. Probes are logged at
 * debug.
 */
export function logAccess(app: FastifyInstance): void {
  app.decorateRequest('serviceFailure', null);
  app.addHook('onResponse', async (request, reply) => {
    const { serviceFailure } = request;
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
      ...(serviceFailure && told(serviceFailure)),
    };
    request.log[levelOf(request)](line);
  });
}

function levelOf({ serviceFailure, routeOptions }: FastifyRequest): 'error' | 'warn' | 'debug' | 'info' {
  if (serviceFailure) return serviceFailure.type === null ? 'error' : 'warn';
  return routeOptions.config.probe === true ? 'debug' : 'info';
}

function told({ error, type }: ServiceFailure) {
  if (type === null) return { err: error };
  const { message } = error instanceof HttpError && error.cause instanceof Error ? error.cause : error;
  return { error_type: type, reason: message };
}
