import type { FastifyInstance, FastifyRequest } from 'fastify';
import { serializeList } from 'structured-headers';

declare module 'fastify' {
  interface FastifyRequest {
    /** What its tenant may ask for, and how much of that is left. */
    quotas: readonly Quota[] | null;
  }
}

export interface Quota {
  readonly name: string;
  readonly most: number;
  readonly left: number;
  /** Of requests in a window; null: at once. */
  readonly window: { readonly seconds: number; readonly endsInS: number } | null;
}

/** Says in every answer what is left. */
export function tellQuotas(app: FastifyInstance): void {
  app.decorateRequest('quotas', null);
  app.addHook('onSend', async ({ quotas }, reply) => {
    if (quotas === null) return;
    reply.headers(fieldsOf(quotas));
    const retryAfter = laterRetry(Number(reply.getHeader('retry-after')), quotas);
    if (retryAfter !== null) reply.header('retry-after', retryAfter);
  });
}

export function addQuota(request: FastifyRequest, quota: Quota): void {
  request.quotas = [...(request.quotas ?? []), quota];
}

/** As draft-ietf-httpapi-ratelimit-headers-11 has them (sections 3 and 4). */
export function fieldsOf(quotas: readonly Quota[]): Readonly<Record<'ratelimit-policy' | 'ratelimit', string>> {
  const policies = quotas.map(({ name, most, window }) =>
    item(name, { q: most, ...(window === null ? { qu: 'concurrent-requests' } : { w: window.seconds }) }),
  );
  const limits = quotas.map(({ name, left, window }) =>
    item(name, { r: left, ...(window !== null && { t: window.endsInS }) }),
  );
  return { 'ratelimit-policy': serializeList(policies), ratelimit: serializeList(limits) };
}

function item(name: string, parameters: Record<string, number | string>): [string, Map<string, number | string>] {
  return [name, new Map(Object.entries(parameters))];
}

/** Nobody is asked back before the end of a window in which nothing is left (section 6); null: nobody is. */
export function laterRetry(retryAfterS: number, quotas: readonly Quota[]): number | null {
  if (Number.isNaN(retryAfterS)) return null;
  const ends = quotas.map(({ left, window }) => (left === 0 ? (window?.endsInS ?? 0) : 0));
  const latest = Math.max(...ends);
  return latest > retryAfterS ? latest : null;
}
