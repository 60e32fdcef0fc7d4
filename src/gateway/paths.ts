export const PROCESS_PATH = '/api/external/process';
export const INVALIDATE_PATH = '/api/external/cache/invalidate';

/** What a provider is given as `<PUBLIC_BASE_URL>/callbacks/<token>`. */
export const CALLBACK_PATH = '/callbacks/:token';

/** Where a request can be read. */
export function statusPath(requestId: string): string {
  return `/api/external/status/${requestId}`;
}

/** Where its unknown outcome can be decided. */
export function resolvePath(requestId: string): string {
  return `/api/external/resolve/${requestId}`;
}
