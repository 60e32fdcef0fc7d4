import type { ExternalApiClient } from '../client/external-api-client.ts';

/** What the gateway needs of the client, whose errors it translates. Each call is bounded in time by the client itself. */
export type GatewayClient = Pick<ExternalApiClient, 'process' | 'status' | 'resolve' | 'invalidate' | 'ping'>;
