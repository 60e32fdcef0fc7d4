import { expect, test } from 'vitest';
import { forCallers } from '../../src/contract/callers-words.ts';

test.each([
  ['No answer from http://10.1.2.3:8080 within 30 s', 'No answer from the provider within 30 s'],
  ['Could not connect to https://api.acme.internal: ECONNREFUSED', 'Could not connect to the provider: ECONNREFUSED'],
  [
    'http://10.0.0.1 is not at a public address: nothing was sent',
    'The provider is not at a public address: nothing was sent',
  ],
  ['The certificate of https://[fd00::1]:8443 was not accepted', 'The certificate of the provider was not accepted'],
  [
    "The request's deadline of 60 s passed. Last: No answer from http://svc:81 within 30 s; it could not be looked at once more",
    "The request's deadline of 60 s passed. Last: No answer from the provider within 30 s; it could not be looked at once more",
  ],
  [
    'Could not get a token: The proxy http://squid:3128 does not connect to api.acme.com:443 (407): check its user. Nothing was sent',
    'Could not get a token: The provider could not be reached. Nothing was sent',
  ],
  [
    'Could not connect to the proxy http://squid:3128 (ENOTFOUND): check that it is up, and EXTERNAL_API_PROXY_URL. Nothing was sent',
    'The provider could not be reached. Nothing was sent',
  ],
  ['Bad Request: upstream 10.1.2.3:9000 said no', 'Bad Request: upstream an address said no'],
  ['Bad Request: ::1 and fe80::1:2 and [::ffff:10.0.0.1]:80', 'Bad Request: an address and an address and an address'],
  ['Bad Request: db-1.prod.svc is away, localhost:5432 too', 'Bad Request: an address is away, an address too'],
  ['Bad Request: cannot open /var/lib/app/x.db, sorry', 'Bad Request: cannot open a file, sorry'],
  [
    'http://api wants a client certificate: set EXTERNAL_API_CLIENT_CERT and EXTERNAL_API_CLIENT_KEY: ERR_SSL_TLSV13_ALERT_X',
    'The provider wants a client certificate: ERR_SSL_TLSV13_ALERT_X',
  ],
  [
    'The key "k" is not among the keys here (EXTERNAL_API_CALLBACK_KEYS). Put it back.',
    'The key "k" is not among the keys here. Put it back.',
  ],
  ['The worker allows "none" (EXTERNAL_API_IDEMPOTENCY): ask for "none".', 'The worker allows "none": ask for "none".'],
  ['It failed: EXTERNAL_API_TIMEOUT=30s is short', 'It failed: a setting of this service is short'],
])('[M12][N7] %j is told as %j', (text, told) => {
  expect(forCallers(text)).toBe(told);
});

test.each([
  'Bad Request: /data/items/0 must be a string',
  'Bad Request: code:1234, at 12:34:56, version 2.1.0, field a.b.c is missing',
  'The work failed at 2026-11-23T17:50:41.406Z (id 0af3:11)',
  'Bad Request: a proxy said 502',
  'rate Limit Exceeded',
  'Bad Request: OUT_OF_CREDIT (code INVALID_PARAM), set LANG_CODE',
])('[M12] %j is told as it is', (text) => {
  expect(forCallers(text)).toBe(text);
});
