import { TransportError } from '@temporalio/worker';
import { TemporalUnavailableError } from '../client/client-errors.ts';
import { grpcCode } from '../client/temporal-errors.ts';

// gRPC status codes, https://grpc.io/docs/guides/status-codes/
const NOT_FOUND = 5;
const NOT_LET_IN: readonly unknown[] = [7, 16];

/** How the core, which gives no code with the failure of a connection, says PERMISSION_DENIED and UNAUTHENTICATED. */
const REFUSED_IN_WORDS =
  /^Failed to call GetSystemInfo: code: '(The caller does not have permission|The request does not have valid authentication)/;

const ALERT = /(?:received fatal alert: |AlertReceived\()(\w+)/;
const UNTRUSTED = /InvalidCertificate\((?:\w+\()*(\w+)/;

/**
 * The TLS alerts with which a server refuses our certificate, or that we have none. That we do not trust *its* certificate
 * is another thing: the right server may stand there soon.
 */
const REFUSED_CERTIFICATE = /Certificate|^UnknownCA$|^AccessDenied$/;

/** The error that ends a worker because waiting would not help: it is not let in, or its namespace is not there. */
export function refusal(
  error: unknown,
  { address, namespace }: { address: string; namespace: string },
): TemporalUnavailableError | null {
  const code = grpcCode(error);
  if (code === NOT_FOUND) {
    const message = `The Temporal server at ${address} has no namespace ${namespace}. Check TEMPORAL_NAMESPACE.`;
    return new TemporalUnavailableError(message, { cause: error });
  }
  if (!NOT_LET_IN.includes(code) && !refusesUs(error)) return null;
  const message =
    `The Temporal server at ${address} refuses our credentials (${failureOf(error)}). ` +
    'Check TEMPORAL_API_KEY and the TLS certificates.';
  return new TemporalUnavailableError(message, { cause: error });
}

function refusesUs(error: unknown): boolean {
  if (!(error instanceof TransportError)) return false;
  return REFUSED_IN_WORDS.test(error.message) || REFUSED_CERTIFICATE.test(ALERT.exec(error.message)?.[1] ?? '');
}

/** Whether a failure may be gone the next time: the connection's, or a call's. Any other is a defect or wrong settings. */
export function isOfServer(error: unknown): boolean {
  return error instanceof TransportError || grpcCode(error) !== undefined;
}

const LONGEST_REASON = 200;

/** What went wrong with the server, as a part of a sentence: the core's words without its data structures. */
export function failureOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const [untrusted, alert] = [UNTRUSTED, ALERT].map((pattern) => pattern.exec(words)?.[1]);
  if (untrusted !== undefined) return `its TLS certificate is not trusted: ${untrusted}`;
  if (alert !== undefined) return `TLS alert ${alert}`;
  const told = Array.from(words.matchAll(/(?:message|error): "([^"]+)"/g), ([, text]) => text).at(-1);
  return (told ?? words).replaceAll(/\s+/g, ' ').slice(0, LONGEST_REASON).replace(/\.$/, '');
}
