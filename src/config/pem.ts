import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

/** The certificates of a text (PEM), whatever stands between them; null: there are none, or not all can be read. */
export function certificatesOf(pem: string): X509Certificate[] | null {
  const blocks = pem.split(/(?=-----BEGIN )/).filter((block) => /^-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(block));
  return blocks.length === 0 ? null : readOrNull(() => blocks.map((block) => new X509Certificate(block)));
}

/** The private key in a text (PEM); null: there is none, or it needs a password. */
export function privateKeyOf(pem: string): KeyObject | null {
  return readOrNull(() => createPrivateKey(pem));
}

function readOrNull<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch {
    return null;
  }
}
