import { EXAMPLE_TAG } from './examples.ts';

/** The header fields of answers that a caller may act on: a JSON schema each. */
export const RESPONSE_HEADERS = {
  Accept: { description: 'The media type that is taken', type: 'string', examples: ['application/json'] },
  'Accept-Encoding': {
    description: 'The content coding that is taken (RFC 9110, section 15.5.16)',
    type: 'string',
    examples: ['identity'],
  },
  Age: {
    description: 'Seconds since the provider gave this answer, if to an earlier request',
    type: 'integer',
    minimum: 0,
    examples: [90],
  },
  Allow: { description: 'The methods of this path', type: 'string', examples: ['GET, HEAD'] },
  'Cache-Control': { description: 'It is not to be kept', type: 'string', examples: ['no-store'] },
  ETag: {
    description: 'Another when the request has changed, but for what it waits for (RFC 9110, section 8.8.3)',
    type: 'string',
    examples: [EXAMPLE_TAG],
  },
  Location: {
    description: 'Where to read the request',
    type: 'string',
    format: 'uri-reference',
    examples: ['/api/external/status/req_H9E1MVPPHDGSTGX4ZTC0X9H5RK'],
  },
  'Preference-Applied': {
    description: 'Which of the preferences was heeded (RFC 7240, section 3)',
    type: 'string',
    examples: ['wait=10'],
  },
  RateLimit: {
    description:
      'How much the tenant may still ask for: r, for the next t seconds or, without t, at the moment. Where there are limits, every answer to a caller has it (draft-ietf-httpapi-ratelimit-headers-11)',
    type: 'string',
    examples: ['"calls";r=599;t=42, "in-flight";r=17'],
  },
  'RateLimit-Policy': {
    description: 'How much the tenant may ask for: q, in w seconds or, with qu="concurrent-requests", at once',
    type: 'string',
    examples: ['"calls";q=600;w=60, "in-flight";q=20;qu="concurrent-requests"'],
  },
  'Retry-After': {
    description: 'Seconds after which to come back; absent where that would not help, or is not safe',
    type: 'integer',
    minimum: 1,
    examples: [5],
  },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 6750, section 3)',
    type: 'string',
    examples: ['Bearer realm="external-api"'],
  },
} as const;

export type HeaderName = keyof typeof RESPONSE_HEADERS;
