import { createPrivateKey, X509Certificate } from 'node:crypto';
import { text } from './schemas.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

const EXPECTED_CERTIFICATES = 'one or more certificates (PEM)';

/** Certificates of which each can be read. */
export const certificates = text(EXPECTED_CERTIFICATES).refine((value) => {
  const found = value.match(CERTIFICATE) ?? [];
  return found.length > 0 && found.every((pem) => isReadable(() => new X509Certificate(pem)));
}, `must be ${EXPECTED_CERTIFICATES}`);

const EXPECTED_KEY = 'a private key (PEM) without a passphrase';

export const privateKey = text(EXPECTED_KEY).refine(
  (value) => isReadable(() => createPrivateKey(value)),
  `must be ${EXPECTED_KEY}`,
);

/** Whether the key is that of the first certificate, which is the one that is shown. */
export function belongTogether(certificate: string, key: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
}

function isReadable(read: () => unknown): boolean {
  try {
    return read() !== undefined;
  } catch {
    return false;
  }
}
