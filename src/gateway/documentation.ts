import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** `/openapi.json`, made from the schemas of the routes that are registered after this, and Swagger UI at `/docs`. */
export function documentRoutes(app: FastifyInstance): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Durable external API',
        version: '1',
        description: 'Requests to a slow, flaky, rate-limited API: taken once, never lost, never silently sent twice.',
      },
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
  app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // The gateway itself speaks plain http; with this directive the page would ask for its own scripts over https.
    transformStaticCSP: (header) => header.replace(/\s*upgrade-insecure-requests;?/, ''),
  });
  app.register((scope, _, done) => {
    scope.get('/openapi.json', { schema: { hide: true } }, () => scope.swagger());
    done();
  });
}
