import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { childArgs, serve } from './child.ts';

export interface BareRoutesArgs {
  /** What a status is answered with: as long as ours. */
  status: unknown;
}

/** The same routes on the same framework, with nothing behind them: bodies are parsed, answers are fixed. */
const { status } = childArgs<BareRoutesArgs>();
const app = fastify({ bodyLimit: 1024 * 1024 });
app.post('/api/external/process', (_request, reply) =>
  reply.code(202).send({ success: true, request_id: 'req_00000000000000000000000000' }),
);
app.get('/api/external/status/:request_id', () => status);
app.post('/callbacks/:token', (_request, reply) => reply.code(204).send());
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
serve(async () => `http://127.0.0.1:${port}`);
