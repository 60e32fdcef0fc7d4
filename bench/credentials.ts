/** The fake provider of a run, and what it wants of its callers. */
export interface ProviderAccess {
  url: string;
  apiKey: string;
  clientId: string;
  clientSecret: string;
}

export const CREDENTIALS = { apiKey: 'bench-key', clientId: 'bench-client', clientSecret: 'bench-secret' } as const;

/** The same as variables of our processes. */
export const CREDENTIAL_VARIABLES = {
  EXTERNAL_API_KEY: CREDENTIALS.apiKey,
  EXTERNAL_OAUTH_CLIENT_ID: CREDENTIALS.clientId,
  EXTERNAL_OAUTH_CLIENT_SECRET: CREDENTIALS.clientSecret,
} as const;
