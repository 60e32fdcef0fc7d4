import { randomUUID } from 'node:crypto';
import underPressure from '@fastify/under-pressure';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  fastify,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { TokenRules } from '../contract/callers.ts';
import type { CallbackReceiver } from '../callbacks/receiver.ts';
import { ExternalAPIError } from '../contract/errors.ts';
import { BODY_BYTES } from '../contract/limits.ts';
import { USUAL_SUSPICIONS, type SuspicionLimits } from '../contract/suspicions.ts';
import { NO_LIMITS, type TenantLimits } from '../contract/tenant-limits.ts';
import { SuspicionWatch } from '../observability/suspicion-watch.ts';
import { InvalidRequestError } from '../client/client-errors.ts';
import { logAccess, type ServiceFailure } from './access-log.ts';
import { audit } from './audit.ts';
import { authenticateCallers, type CallerKeys } from './authentication.ts';
import { CONNECTION_OPTIONS, RECEIVE_MS, refuseConnections, watchConnections } from './raw-connections.ts';
import { documentRoutes } from './documentation.ts';
import { drainOnClose } from './drain.ts';
import type { GatewayClient } from './gateway-client.ts';
import { measure } from './gateway-metrics.ts';
import { acceptJsonOnly } from './json-body.ts';
import { bodyTooLarge, isBodyTooLarge } from './limits/body-size.ts';
import { refuseUnknownPaths } from './known-paths.ts';
import { InFlight } from './limits/in-flight.ts';
import { type CountCall, limitCalls } from './limits/limit-calls.ts';
import { MinuteCounts } from './limits/minute-counts.ts';
import { tellQuotas } from './limits/quota-fields.ts';
import { cutSlowReaders, TAKE_MS } from './limits/slow-readers.ts';
import { toProblem } from './problem.ts';
import { callbackRoute } from './routes/callback-route.ts';
import { cancelRoute } from './routes/cancel-route.ts';
import { deliveryRoutes } from './routes/delivery-routes.ts';
import { eventsRoute } from './routes/events-route.ts';
import { healthRoutes } from './routes/health-routes.ts';
import { invalidateRoute } from './routes/invalidate-route.ts';
import { processRoute } from './routes/process-route.ts';
import { requestsRoute } from './routes/requests-route.ts';
import { resolveRoute } from './routes/resolve-route.ts';
import { checkRequestFields } from './request-fields.ts';
import { statusRoute } from './routes/status-route.ts';
import { whyRoute } from './routes/why-route.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { addStandardProblems } from './standard-problems.ts';
import { toInvalidRequest } from './validation.ts';
import { watchAbuse } from './watch-abuse.ts';
import type { WaitBounds } from './waits.ts';
import { Watchers } from './watchers.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** What it measures. */
    metrics: Registry;
  }
  interface FastifyRequest {
    /** The authenticated caller; empty on routes that need none. */
    tenant: string;
    /** Our id of the durable request that this HTTP request is about, once it is known. */
    externalRequestId: string | null;
    /** The durable request that repeats it, where that is known. */
    retriedBy: string | null;
    serviceFailure: ServiceFailure | null;
  }
  interface FastifyContextConfig {
    /** A health probe: frequent, and of no interest in the log. */
    probe?: boolean;
  }
}

export interface GatewayDeps {
  client: GatewayClient;
  /** Null, without `tokens` too, lets everybody in, as the one tenant `default`. */
  apiKeys: CallerKeys;
  /** Default: no tokens are taken. */
  tokens?: TokenRules | null;
  /** Default: nobody is believed where a request comes from. Addresses, ranges, and names of Fastify's `trustProxy`. */
  trustedProxies?: readonly string[];
  /** How long a synchronous process request waits for its result; 0 never waits. */
  syncWaitMs: number;
  /** Default: no callbacks are taken. */
  callbacks?: CallbackReceiver | null;
  /** Default: as the table has them, in a minute. */
  suspicions?: SuspicionLimits;
  /** Default: there are none. */
  limits?: TenantLimits;
  /** Default: this gateway counts the calls that it gets. */
  countCall?: CountCall;
  /** Bytes of a caller's body. Default: 1 MiB. */
  bodyLimit?: number;
  /** How many callers of a tenant may wait. Default: as docs/gateway.md says. */
  waitBounds?: WaitBounds;
  /** How long a caller may take nothing of its answer. Default: 30 s. */
  takeMs?: number;
  logger: FastifyBaseLogger;
}

/** The gateway with all its routes, not listening yet. `close()` drains it: open waits are answered with 202 at once. */
export function buildGateway(deps: GatewayDeps): FastifyInstance {
  const { client, apiKeys, tokens = null, syncWaitMs, callbacks = null, suspicions = USUAL_SUSPICIONS, logger } = deps;
  const { trustedProxies = [] } = deps;
  const { limits = NO_LIMITS, countCall = countsOwn(), bodyLimit = BODY_BYTES, waitBounds, takeMs = TAKE_MS } = deps;
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit,
    requestTimeout: RECEIVE_MS,
    http: CONNECTION_OPTIONS,
    clientErrorHandler: refuseConnections(logger),
    return503OnClosing: false,
    schemaErrorFormatter: toInvalidRequest,
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('tenant', '');
  app.decorateRequest('externalRequestId', null);
  app.decorateRequest('retriedBy', null);
  app.setErrorHandler<Error>(sendProblem);
  app.addHook('onRequest', async (_, reply) => void reply.headers(SECURITY_HEADERS));
  watchConnections(app);
  checkRequestFields(app);
  cutSlowReaders(app, takeMs);
  const waits = drainOnClose(app, waitBounds);
  app.decorate('metrics', measure(app, waits));
  const watchers = new Watchers(client);
  const { callsPerMinute, requestsInFlight } = limits;
  const inFlight = requestsInFlight === null ? null : new InFlight(client, requestsInFlight, app.log);
  refuseUnknownPaths(app);
  addStandardProblems(app);
  acceptJsonOnly(app);
  logAccess(app);
  audit(app);
  tellQuotas(app);
  watchAbuse(app, new SuspicionWatch(suspicions));

  // The mean over a second: this loop's turns take a millisecond or two, so 500 means that it no longer keeps up.
  app.register(underPressure, { maxEventLoopDelay: 500 });
  documentRoutes(app);
  app.register(healthRoutes, { client });
  if (callbacks !== null) app.register(callbackRoute, { client, receiver: callbacks });
  app.register((api, _, done) => {
    authenticateCallers(api, apiKeys, tokens);
    if (callsPerMinute !== null) limitCalls(api, callsPerMinute, countCall);
    api.register(processRoute, { client, syncWaitMs, waits, inFlight });
    api.register(statusRoute, { client, waits, watchers });
    api.register(eventsRoute, { client, waits, watchers });
    api.register(whyRoute, { client });
    api.register(requestsRoute, { client });
    api.register(cancelRoute, { client });
    api.register(resolveRoute, { client });
    api.register(invalidateRoute, { client });
    api.register(deliveryRoutes, { client });
    done();
  });
  return app;
}

function countsOwn(): CountCall {
  const counts = new MinuteCounts();
  return (tenant, now) => counts.count(tenant, now);
}

/** The errors of requests that nothing is wrong with. */
const UNSERVED: readonly string[] = ['TemporalUnavailableError', 'OverloadedError', 'AuthenticationUnavailableError'];

function sendProblem(thrown: Error, request: FastifyRequest, reply: FastifyReply): void {
  const error = isBodyTooLarge(thrown) ? bodyTooLarge(request.routeOptions.bodyLimit) : thrown;
  const { problem, headers } = toProblem(error, request.externalRequestId ?? null, request.retriedBy ?? null);
  if (!(error instanceof ExternalAPIError)) request.refusal = problem.error;
  if (error instanceof InvalidRequestError && error.problems.some(isOfTarget)) request.suspicion = 'refused_target';
  if (problem.status === 500) request.serviceFailure = { error, type: null };
  else if (UNSERVED.includes(problem.error)) request.serviceFailure = { error, type: problem.error };
  reply
    .code(problem.status)
    .headers({ ...SECURITY_HEADERS, ...headers })
    .type('application/problem+json')
    .send(problem);
}

/** Its path as the gateway has it, and the client. */
function isOfTarget({ path }: { path: string }): boolean {
  return path === 'options.callback_url' || path === 'options.callbackUrl';
}
