import type { FastifyInstance, FastifyRequest } from 'fastify';
import { remoteAddress } from './callers/remote-address.ts';

/** RFC 9110, section 9.2.1. */
const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

/**
 * One line for every call that may have changed something: who, what, which request, from where, and what came of it. No
 * route can forget it. What reached no route changed nothing.
 */
export function audit(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    if (SAFE.includes(request.method) || request.is404) return;
    const { statusCode } = reply;
    request.log.info(
      {
        event: 'gateway_audit',
        action: actionOf(request),
        tenant: request.tenant === '' ? null : request.tenant,
        request_id: request.externalRequestId,
        remote_address: remoteAddress(request.ip),
        status_code: statusCode,
      },
      statusCode < 400 ? 'done as it was asked' : 'refused, or not known to be done',
    );
  });
}

function actionOf({ routeOptions: { schema, url } }: FastifyRequest): string {
  return schema?.operationId ?? url ?? 'unknown';
}
