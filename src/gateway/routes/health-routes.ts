import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { GatewayClient } from '../gateway-client.ts';
import { HttpError } from '../http-error.ts';
import { problemResponses } from '../wire-schemas.ts';

export interface HealthRoutesOptions {
  client: GatewayClient;
}

const config = { pressureHandler: () => undefined, probe: true };

/** `/healthz`: the process lives. `/readyz`: it can take requests, since Temporal answers. */
export const healthRoutes: FastifyPluginCallbackZod<HealthRoutesOptions> = (app, { client }, done) => {
  app.get(
    '/healthz',
    {
      config,
      schema: {
        summary: 'The process lives',
        operationId: 'healthz',
        tags: ['health'],
        response: {
          200: z.object({ status: z.literal('ok') }).meta({ description: 'It lives', examples: [{ status: 'ok' }] }),
        },
      },
    },
    () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config,
      schema: {
        summary: 'Requests can be taken',
        operationId: 'readyz',
        tags: ['health'],
        response: {
          200: z
            .object({ status: z.literal('ready') })
            .meta({ description: 'Temporal answers', examples: [{ status: 'ready' }] }),
          ...problemResponses({ 503: 'Temporal does not answer, or the gateway is stopping' }),
        },
      },
    },
    async () => {
      try {
        await client.ping();
      } catch {
        throw new HttpError(503, 'NotReadyError', 'The Temporal server does not answer.', { 'retry-after': '5' });
      }
      return { status: 'ready' as const };
    },
  );
  done();
};
