import { certificatesOf, privateKeyOf } from './pem.ts';
import { text } from './schemas.ts';

const EXPECTED_CERTIFICATES = 'one or more certificates (PEM)';

/** Certificates of which each can be read. */
export const certificates = text(EXPECTED_CERTIFICATES).refine(
  (value) => certificatesOf(value) !== null,
  `must be ${EXPECTED_CERTIFICATES}`,
);

const EXPECTED_KEY = 'a private key (PEM) without a passphrase';

export const privateKey = text(EXPECTED_KEY).refine((value) => privateKeyOf(value) !== null, `must be ${EXPECTED_KEY}`);

/** Whether the key is that of the first certificate, which is the one that is shown. */
export function belongTogether(certificate: string, key: string): boolean {
  const [shown] = certificatesOf(certificate) ?? [];
  const own = privateKeyOf(key);
  return shown !== undefined && own !== null && shown.checkPrivateKey(own);
}
