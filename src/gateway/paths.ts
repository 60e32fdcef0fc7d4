export const PROCESS_PATH = '/api/external/process';
export const REQUESTS_PATH = '/api/external/requests';
export const INVALIDATE_PATH = '/api/external/cache/invalidate';

/** What a provider is given as `<PUBLIC_BASE_URL>/callbacks/<token>`. */
export const CALLBACK_PATH = '/callbacks/:token';
export const DELIVERIES_PATH = '/api/external/deliveries';

/** Where a request can be read. */
export function statusPath(requestId: string): string {
  return `/api/external/status/${requestId}`;
}

/** Where its unknown outcome can be decided. */
export function resolvePath(requestId: string): string {
  return `/api/external/resolve/${requestId}`;
}

/** Where each change of it is told. */
export function eventsPath(requestId: string): string {
  return `/api/external/events/${requestId}`;
}

/** Where it can be asked why it is where it is. */
export function whyPath(requestId: string): string {
  return `/api/external/why/${requestId}`;
}

/** Where its end can be asked for. */
export function cancelPath(requestId: string): string {
  return `/api/external/cancel/${requestId}`;
}

/** Where its end can be delivered again. */
export function redeliverPath(requestId: string): string {
  return `${DELIVERIES_PATH}/${requestId}/redeliver`;
}
