/**
 * The fields of every answer that bind a browser: those of helmet 8, but for Strict-Transport-Security, which is for the
 * proxy to say that ends TLS. As data, since refusals of the HTTP parser have them too, which no hook sees. `/docs` has a
 * policy of its own, for its scripts.
 */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
} as const;
