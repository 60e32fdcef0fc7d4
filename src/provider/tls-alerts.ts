const RENEW = 'does not accept the client certificate (EXTERNAL_API_CLIENT_CERT)';

/**
 * The alerts of TLS by which the other end refuses a client for its certificate (RFC 8446, section 6.2). With TLS 1.3 they
 * come after the client's part of the handshake, when a call may have been written; no server reads that call.
 */
const ABOUT_CERTIFICATE: Readonly<Record<string, string>> = {
  CERTIFICATE_REQUIRED: 'wants a client certificate: set EXTERNAL_API_CLIENT_CERT and EXTERNAL_API_CLIENT_KEY',
  BAD_CERTIFICATE: RENEW,
  UNSUPPORTED_CERTIFICATE: RENEW,
  CERTIFICATE_REVOKED: RENEW,
  CERTIFICATE_EXPIRED: RENEW,
  CERTIFICATE_UNKNOWN: RENEW,
  UNKNOWN_CA: RENEW,
  ACCESS_DENIED: RENEW,
};

/** Those that end the handshake before anything is sent. */
const ABOUT_HANDSHAKE: Readonly<Record<string, string>> = {
  NO_APPLICATION_PROTOCOL: 'does not speak HTTP/1.1, and nothing else is spoken here: it may take HTTP/2 only',
  HANDSHAKE_FAILURE: 'refused the TLS handshake: it may want a client certificate (EXTERNAL_API_CLIENT_CERT)',
};

/** What the provider wants of a client certificate, by the `code` that Node.js makes of OpenSSL's words; null: nothing. */
export function certificateWanted(code: string | null): string | null {
  return ABOUT_CERTIFICATE[alertOf(code)] ?? null;
}

/** Why the provider refused the handshake, where that tells what to do. */
export function handshakeRefused(code: string | null): string | null {
  return ABOUT_HANDSHAKE[alertOf(code)] ?? null;
}

/** `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`: what stands before the alert changes with OpenSSL's versions. */
function alertOf(code: string | null): string {
  return /^ERR_SSL_.*_ALERT_(\w+)$/.exec(code ?? '')?.[1] ?? '';
}
