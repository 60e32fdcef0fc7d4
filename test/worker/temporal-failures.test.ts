import { TransportError } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { failureOf, refusal } from '../../src/worker/temporal-failures.ts';

const inCall = (source: string): string =>
  `Failed to call GetSystemInfo: code: 'Unknown error', message: "transport error", source: tonic::transport::Error(Transport, hyper::Error(Io, ${source}))`;
const inConnect = (source: string): string => `tonic::transport::Error(Transport, ConnectError(${source}))`;

// As the core of 1.24 said it to servers of these kinds.
test.for([
  [
    'nobody listens',
    inConnect(
      'ConnectError("tcp connect error", 127.0.0.1:1, Os { code: 111, kind: ConnectionRefused, message: "Connection refused" })',
    ),
    'Connection refused',
    'wait',
  ],
  [
    'no such host',
    inConnect(
      'ConnectError("dns error", Custom { kind: Uncategorized, error: "failed to lookup address information: Name or service not known" })',
    ),
    'failed to lookup address information: Name or service not known',
    'wait',
  ],
  [
    'a certificate of nobody that we trust',
    inConnect('Custom { kind: InvalidData, error: InvalidCertificate(UnknownIssuer) }'),
    'its TLS certificate is not trusted: UnknownIssuer',
    'wait',
  ],
  [
    'an authority where a certificate should be',
    inConnect('Custom { kind: InvalidData, error: InvalidCertificate(Other(OtherError(CaUsedAsEndEntity))) }'),
    'its TLS certificate is not trusted: CaUsedAsEndEntity',
    'wait',
  ],
  [
    'a server that wants a certificate',
    inCall('Custom { kind: InvalidData, error: "received fatal alert: CertificateRequired" }'),
    'TLS alert CertificateRequired',
    'end',
  ],
  [
    'a server that does not know our authority',
    inCall('Custom { kind: InvalidData, error: "received fatal alert: UnknownCA" }'),
    'TLS alert UnknownCA',
    'end',
  ],
  [
    'the same by TLS 1.2',
    inConnect('Custom { kind: InvalidData, error: AlertReceived(UnknownCA) }'),
    'TLS alert UnknownCA',
    'end',
  ],
  ['TLS without a common cipher', inConnect('AlertReceived(HandshakeFailure)'), 'TLS alert HandshakeFailure', 'wait'],
] as const)(
  '[C1][M18] a connection that fails for %s: in words, and whether a worker waits',
  ([, said, words, then]) => {
    const error = new TransportError(said);
    expect(failureOf(error)).toBe(words);
    const end = refusal(error, { address: 'temporal:7233', namespace: 'default' });
    if (then === 'wait') expect(end).toBeNull();
    else expect(end?.message).toContain(`temporal:7233 refuses our credentials (${words})`);
  },
);
