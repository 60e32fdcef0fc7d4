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
      schema: { tags: ['health'], response: { 200: z.object({ status: z.literal('ok') }) } },
    },
    () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config,
      schema: {
        tags: ['health'],
        response: {
          200: z.object({ status: z.literal('ready') }),
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
