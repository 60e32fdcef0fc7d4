import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.ts';
import { NOTHING_HERE } from './problem.ts';

/**
 * Refuses, before a body is read, what no route of `app` is for that comes after this: 405 with `Allow` (RFC 9110, section
 * 15.5.6) where the path has other methods, else 404.
 */
export function refuseUnknownPaths(app: FastifyInstance): void {
  const known = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const { methods } = known.get(url) ?? { methods: new Set<string>() };
    // Of `/docs/`, which is `/docs` too, Fastify tells the HEAD alone.
    for (const each of [method].flat()) methods.add(each).add(each === 'HEAD' ? 'GET' : each);
    known.set(url, { pattern: patternOf(url), methods });
  });

  function refusal({ url, method }: FastifyRequest): HttpError {
    // Both speak of no path, but of the server (RFC 9110, sections 7.1, 9.3.6 and 9.3.7).
    const isOfServer = method === 'CONNECT' || url === '*';
    const path = pathOf(url);
    const there = [...known.values()].filter(({ pattern }) => isOfServer || pattern.test(path));
    const allow = [...new Set(there.flatMap(({ methods }) => [...methods]))].toSorted().join(', ');
    return allow === '' ? nothingHere() : new HttpError(405, 'MethodNotAllowedError', `Use ${allow} here.`, { allow });
  }

  app.addHook('onRequest', async (request) => {
    if (request.is404) throw refusal(request);
  });
  // A route may find out itself that there is nothing.
  app.setNotFoundHandler(() => {
    throw nothingHere();
  });
}

function nothingHere(): HttpError {
  return new HttpError(404, 'RouteNotFoundError', NOTHING_HERE);
}

/** Fastify's own: `:name` is one segment, `*` whatever follows. */
function patternOf(url: string): RegExp {
  const parts = url.split(/(:\w+|\*)/).map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** Without the origin of an absolute form, and without a query. */
function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
}
