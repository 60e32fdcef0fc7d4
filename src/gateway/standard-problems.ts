import type { FastifyInstance, FastifySchema } from 'fastify';
import type { HeaderName } from './response-headers.ts';
import { problemResponses } from './wire-schemas.ts';

interface StandardProblem {
  /** When a route answers so, unless it says it itself. */
  when: string;
  /** The routes that do. */
  of: (schema: FastifySchema) => boolean;
  /** What its answer carries beside the problem. */
  headers?: readonly HeaderName[];
}

const everyRoute = (): boolean => true;
const ofACaller = ({ security }: FastifySchema): boolean => (security ?? []).length > 0;
const ofARequest = ({ params }: FastifySchema): boolean => params !== undefined;
const withABody = ({ body }: FastifySchema): boolean => body !== undefined;

/** The problems that routes have in common, by status code; what only one route has, it says itself. */
export const STANDARD_PROBLEMS: Readonly<Record<number, StandardProblem>> = {
  400: { when: 'The request is not valid; `errors` names every bad member', of: everyRoute },
  401: { when: 'No API key or token, or none that is good', of: ofACaller, headers: ['WWW-Authenticate'] },
  403: { when: 'The token is good, and names no tenant of this service', of: ofACaller, headers: ['WWW-Authenticate'] },
  404: { when: 'No such request, or not one of this tenant, or its retention has passed', of: ofARequest },
  405: { when: 'This path has other methods', of: everyRoute, headers: ['Allow'] },
  408: { when: 'The request did not arrive within 30 s', of: everyRoute },
  413: { when: 'The body is larger than is taken here: 1 MiB, unless the operator says otherwise', of: withABody },
  415: {
    when: 'The body is not application/json, or is compressed',
    of: withABody,
    headers: ['Accept', 'Accept-Encoding'],
  },
  417: { when: 'Expect asks for something else than 100-continue', of: everyRoute },
  429: {
    when: 'Too many requests of this tenant, or too many failed attempts of this address: see Retry-After',
    of: ofACaller,
    headers: ['RateLimit', 'RateLimit-Policy', 'Retry-After'],
  },
  431: { when: 'The header fields are larger than 16 KiB', of: everyRoute },
  500: { when: 'Something unexpected went wrong; the log of the gateway says what', of: everyRoute },
  503: { when: 'Not at the moment: see Retry-After', of: everyRoute, headers: ['Retry-After'] },
};

/** Adds its standard problems to every route that comes after this and is in the OpenAPI document. */
export function addStandardProblems(app: Pick<FastifyInstance, 'addHook'>): void {
  app.addHook('onRoute', (route) => {
    const { schema } = route;
    if (schema === undefined || schema.hide === true) return;
    const here = Object.entries(STANDARD_PROBLEMS).filter(([, { of }]) => of(schema));
    const standard = problemResponses(Object.fromEntries(here.map(([status, { when }]) => [status, when])));
    route.schema = { ...schema, response: { ...standard, ...(schema.response as object | undefined) } };
  });
}
