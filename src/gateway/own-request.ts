import type { FastifyRequest } from 'fastify';
import { ForeignRequestError } from '../client/client-errors.ts';
import { REQUEST_ID_PATTERN } from '../contract/names.ts';
import type { RequestSnapshot } from '../contract/request.ts';
import { stateForCallers } from '../contract/callers-words.ts';
import type { GatewayClient } from './gateway-client.ts';
import { HttpError } from './http-error.ts';

/**
 * The caller's own request as it is now, and as it may read it. Another tenant's does not exist for it.
 * @throws RequestNotFoundError, HttpError 404 for what is no id
 */
export async function readOwnRequest(
  client: GatewayClient,
  request: Pick<FastifyRequest, 'tenant' | 'externalRequestId' | 'suspicion' | 'log'>,
  requestId: string,
): Promise<RequestSnapshot> {
  if (!REQUEST_ID_PATTERN.test(requestId)) {
    throw new HttpError(404, 'RequestNotFoundError', 'There is no such request: an id is req_ and 26 characters.');
  }
  request.externalRequestId = requestId;
  const { tenant } = request;
  return stateForCallers(await client.status(requestId, { tenant }).catch(tellingForeign(request)));
}

/** For `catch`: that a tenant asked for a request of another is told, and counted. The caller learns nothing of it. */
export function tellingForeign(
  request: Pick<FastifyRequest, 'tenant' | 'suspicion' | 'log'>,
): (error: unknown) => never {
  return (error) => {
    if (error instanceof ForeignRequestError) {
      request.suspicion = 'foreign_request';
      request.log.warn({ event: 'foreign_request', tenant: request.tenant }, 'a tenant asked for a request of another');
    }
    throw error;
  };
}
