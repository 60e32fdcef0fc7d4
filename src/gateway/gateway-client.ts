import type { ProcessOptions, ResultOptions } from '../client/client-options.ts';
import type { ExternalApiClient } from '../client/external-api-client.ts';
import type { CompletedRequest } from '../client/finished-request.ts';
import type { ListOptions, RequestSummary } from '../client/list-requests.ts';
import type { RequestHandle } from '../client/request-handle.ts';
import type { InvalidateOptions } from '../client/start-invalidation.ts';
import type { ProcessInput } from '../contract/request.ts';

/** What the gateway needs of the client, whose errors it translates. Each call is bounded in time by the client itself. */
export interface GatewayClient extends Pick<
  ExternalApiClient,
  'status' | 'updates' | 'cancel' | 'resolve' | 'callback' | 'countOpen' | 'ping'
> {
  process(input: ProcessInput, options: Omit<ProcessOptions, 'schema'>): Promise<StartedRequest>;
  list(options: ListOptions): AsyncIterable<RequestSummary> & { readonly nextCursor: string | null };
  invalidate(options: InvalidateOptions): Promise<void>;
  readonly deliveries: Pick<ExternalApiClient['deliveries'], 'list' | 'redeliver'>;
}

export interface StartedRequest extends Pick<RequestHandle, 'requestId' | 'status'> {
  result(options?: Omit<ResultOptions, 'schema'>): Promise<CompletedRequest>;
}
