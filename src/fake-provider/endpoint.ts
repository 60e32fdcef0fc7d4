/** The calls of the contract. */
export const ENDPOINTS = ['/oauth/token', '/process', '/status/{request_id}'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];
