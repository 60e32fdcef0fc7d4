export const PROCESS_PATH = '/api/external/process';

/** Where a request can be read. */
export function statusPath(requestId: string): string {
  return `/api/external/status/${requestId}`;
}

/** Where its unknown outcome can be decided. */
export function resolvePath(requestId: string): string {
  return `/api/external/resolve/${requestId}`;
}
