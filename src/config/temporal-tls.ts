import type { NativeConnectionOptions } from '@temporalio/worker';
import type { ConfigProblem } from './config-error.ts';
import { certificatesOf, privateKeyOf } from './pem.ts';
import type { Environment } from './secret-files.ts';

/** What the TLS libraries would take in silence, or fail with in words that name no variable. */
export function tlsProblems(tls: NativeConnectionOptions['tls'], env: Environment): ConfigProblem[] {
  if (typeof tls !== 'object' || tls === null) return [];
  const { serverRootCACertificate: ca, clientCertPair: pair } = tls;
  const problems: ConfigProblem[] = [];
  const complain = (name: string, problem: string) => void problems.push({ variable: variableOf(name, env), problem });
  if (ca && certificatesOf(textOf(ca)) === null) {
    complain('SERVER_CA_CERT', 'must hold certificates (PEM), and not all of it can be read');
  }
  if (!pair) return problems;
  const [cert] = certificatesOf(textOf(pair.crt)) ?? [];
  const key = privateKeyOf(textOf(pair.key));
  if (cert === undefined) complain('CLIENT_CERT', 'must hold a certificate (PEM), and cannot be read');
  if (key === null) complain('CLIENT_KEY', 'must hold a private key (PEM) without a password, and cannot be read');
  if (cert && key && !cert.checkPrivateKey(key)) {
    complain('CLIENT_KEY', 'must hold the key of the client certificate, and holds another one');
  }
  return problems;
}

/** Where it was said: in one of two variables, or else in the file that holds everything. */
function variableOf(name: string, env: Environment): string {
  const variables = [`TEMPORAL_TLS_${name}_PATH`, `TEMPORAL_TLS_${name}_DATA`];
  return variables.find((variable) => env[variable] !== undefined) ?? 'TEMPORAL_CONFIG_FILE';
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
