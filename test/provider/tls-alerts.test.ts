import { expect, test } from 'vitest';
import { brokenCallMessage, failureOfBrokenCall, type BrokenCall } from '../../src/provider/call-failure.ts';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';

const SENT: BrokenCall = { sent: true, reason: 'failed', replyStarted: false, code: null };
const UNSENT: BrokenCall = { ...SENT, sent: false };
const WANTED = 'wants a client certificate: set EXTERNAL_API_CLIENT_CERT and EXTERNAL_API_CLIENT_KEY';
const RENEW = 'does not accept the client certificate (EXTERNAL_API_CLIENT_CERT)';
const REFUSED = 'refused the TLS handshake: it may want a client certificate (EXTERNAL_API_CLIENT_CERT)';

// The names before the alert are OpenSSL's, 3.0 (Node.js 20) and 3.5 (Node.js 24).
test.each<[code: string, call: BrokenCall, failure: FailureName, message: string]>([
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', SENT, 'certificateWanted', WANTED],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', SENT, 'certificateWanted', RENEW],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', UNSENT, 'certificateWanted', RENEW],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', SENT, 'certificateWanted', RENEW],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', SENT, 'certificateWanted', RENEW],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', UNSENT, 'unreachable', REFUSED],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', UNSENT, 'unreachable', REFUSED],
])('[M6][N1] %s -> what to do about it', (code, call, failure, message) => {
  const seen = { ...call, code };
  expect(failureOfBrokenCall(seen)).toBe(failure);
  expect(FAILURES[failure].outcome).not.toBe('ambiguous');
  const timeouts = { timeoutMs: 30_000, connectTimeoutMs: 5_000 };
  expect(brokenCallMessage(failure, seen, 'https://x', timeouts)).toBe(`https://x ${message}: ${code}`);
});

test.each([
  ['another alert', { ...SENT, code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' }, 'connectionLost'],
  [
    'any alert, when an answer had begun',
    { ...SENT, replyStarted: true, code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' },
    'unreadableReply',
  ],
] as const)('[N1] %s leaves a submit in doubt', (_what, call, failure) => {
  expect(failureOfBrokenCall(call)).toBe(failure);
});
