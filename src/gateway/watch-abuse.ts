import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SuspicionName } from '../contract/suspicions.ts';
import { suspicionEvent, suspicionText, type SuspicionWatch } from '../observability/suspicion-watch.ts';
import { remoteNetwork } from './callers/remote-address.ts';
import { TOO_MANY_FAILED_ATTEMPTS } from './callers/slow-down.ts';
import { CALLBACK_PATH } from './paths.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What looks like abuse, where no status code tells it. */
    suspicion: Extract<SuspicionName, 'foreign_request' | 'refused_target'> | null;
  }
}

/** Counts what looks like abuse, and tells of it once where it is too much. */
export function watchAbuse(app: FastifyInstance, watch: SuspicionWatch): void {
  app.decorateRequest('suspicion', null);
  app.addHook('onResponse', async (request, reply) => {
    for (const [rule, subject, isBad] of countsOf(request, reply)) {
      const suspicion = watch.seen(rule, subject, Date.now(), isBad);
      if (suspicion !== null) request.log.warn(suspicionEvent(suspicion), suspicionText(suspicion));
    }
  });
}

function* countsOf(
  { routeOptions, suspicion, refusal, tenant, ip }: FastifyRequest,
  { statusCode }: FastifyReply,
): Generator<[rule: SuspicionName, subject: string, isBad: boolean]> {
  if (suspicion !== null) yield [suspicion, tenant, true];
  if (statusCode === 401 || refusal === TOO_MANY_FAILED_ATTEMPTS) {
    const rule = routeOptions.url === CALLBACK_PATH ? 'refused_callback' : 'failed_authentication';
    yield [rule, remoteNetwork(ip), true];
  }
  if (routeOptions.config.probe !== true) yield ['failing_answers', 'gateway', statusCode >= 500];
}
