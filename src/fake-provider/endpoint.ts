/** The calls of the contract; and the list of works with a key, which some providers have. */
export const ENDPOINTS = ['/oauth/token', '/process', '/status/{request_id}', '/requests'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];
