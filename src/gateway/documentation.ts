import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { type HeaderName, RESPONSE_HEADERS } from './response-headers.ts';
import { STANDARD_PROBLEMS } from './standard-problems.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** The header fields of answers that are no problems, by status code. */
    responseHeaders?: Readonly<Record<number, readonly HeaderName[]>>;
  }
}

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
      components: {
        securitySchemes: {
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description: 'The key of a tenant, or a JWT that names it (RFC 6750)',
          },
        },
      },
    },
    transform,
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
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

/** As JSON Schema, each answer with its description and its header fields. */
const transform: SwaggerTransform = (route) => {
  const { schema, url } = jsonSchemaTransform(route);
  const declared = route.schema?.response as Readonly<Record<string, { description?: string }>> | undefined;
  if (declared === undefined || schema.hide === true) return { schema, url };
  const shapes = schema.response as Readonly<Record<string, object>>;
  const response = Object.entries(declared).map(([status, { description }]) => {
    const shape = shapes[status] ?? {};
    const told = { description, headers: headersOf(route.schema, Number(status)) };
    // It has no body.
    if ('type' in shape && shape.type === 'null') return [status, { ...told, type: 'null' }];
    const content = 'content' in shape ? shape.content : { 'application/json': { schema: shape } };
    return [status, { ...told, content }];
  });
  return { schema: { ...schema, response: Object.fromEntries(response) }, url };
};

function headersOf(schema: FastifySchema, status: number) {
  const names = schema.responseHeaders?.[status] ?? STANDARD_PROBLEMS[status]?.headers ?? [];
  return Object.fromEntries(names.map((name) => [name, RESPONSE_HEADERS[name]]));
}

type OpenApi = ReturnType<SwaggerTransformObject>;

/** Of the schemas with a name, which are made in a form for requests and in one for answers, those that are there. */
function withoutUnused(document: OpenApi): OpenApi {
  if (!('components' in document)) return document;
  const { schemas = {} } = document.components ?? {};
  const used = new Set<string>();
  const visit = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name] ?? {});
    }
  };
  visit(document.paths);
  for (const name of Object.keys(schemas)) if (!used.has(name)) delete schemas[name];
  return document;
}
