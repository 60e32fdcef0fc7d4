import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { startConnectProxy, type ConnectProxy } from '../helpers/connect-proxy.ts';
import { startScriptedProvider, type Answer, type ScriptedProvider } from './scripted-provider.ts';

/** Where a provider keeps its results: another origin, reached through a proxy by its real name. */
export interface Elsewhere extends AsyncDisposable {
  readonly store: ScriptedProvider;
  readonly proxy: ConnectProxy;
  /** PEM. */
  readonly certificate: string;
  /** The environment of a worker that gets there, and has a certificate for its provider. */
  readonly env: Readonly<Record<string, string>>;
  /** What it answers to each call from now on. */
  answer: Answer;
}

export async function startElsewhere(host: string): Promise<Elsewhere> {
  const certificate = createSelfSignedCertificate(host);
  const ours = createSelfSignedCertificate('worker.example');
  const asking = { ...certificate, requestCert: true, rejectUnauthorized: false };
  const store = await startScriptedProvider(() => elsewhere.answer, asking);
  const proxy = await startConnectProxy({ ports: { 443: store.port } });
  const elsewhere: Elsewhere = {
    store,
    proxy,
    certificate: certificate.cert,
    env: {
      EXTERNAL_API_PROXY_URL: proxy.url,
      EXTERNAL_API_CA: certificate.cert,
      EXTERNAL_API_CLIENT_CERT: ours.cert,
      EXTERNAL_API_CLIENT_KEY: ours.key,
    },
    answer: { body: 'not set' },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
  return elsewhere;
}
