/** The calls of the contract. */
export type Endpoint = '/oauth/token' | '/process' | '/status/{request_id}';
