import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';

/** Certificates and keys in PEM. */
interface Pem {
  /** To trust instead of the ones of Node.js. */
  ca?: string | undefined;
  /** To show to a provider that asks for one, with its key. */
  cert?: string | undefined;
  key?: string | undefined;
}

export interface TlsOptions extends Pem {
  /** Where they came from: read again for each connection, and taken when they fit each other. */
  files?: Pem | undefined;
}

/** What a TLS connection is made with. */
export interface TlsIdentity {
  /** The same object as long as nothing has changed. */
  current(): Promise<SecureContext>;
}

/** @throws what OpenSSL says when the PEM cannot be used */
export function createTlsIdentity({ files = {}, ...given }: TlsOptions): TlsIdentity {
  let seen: Pem = given;
  let context = contextOf(given);

  async function lookAgain(): Promise<void> {
    const now = {
      ca: await contentOf(files.ca, seen.ca),
      cert: await contentOf(files.cert, seen.cert),
      key: await contentOf(files.key, seen.key),
    };
    if (now.ca === seen.ca && now.cert === seen.cert && now.key === seen.key) return;
    seen = now;
    try {
      context = contextOf(now);
    } catch {
      // Half written, or the key is not there yet: what was before goes on.
    }
  }

  return {
    async current() {
      if (files.ca !== undefined || files.cert !== undefined || files.key !== undefined) await lookAgain();
      return context;
    },
  };
}

function contextOf(pem: Pem): SecureContext {
  // Node.js takes a file without a certificate for one that trusts nobody.
  if (pem.ca !== undefined) void new X509Certificate(pem.ca);
  return createSecureContext(pem);
}

async function contentOf(file: string | undefined, before: string | undefined): Promise<string | undefined> {
  return file === undefined ? before : await readFile(file, 'utf8').catch(() => before);
}
