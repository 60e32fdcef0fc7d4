import { Server, ServerCredentials, status, type ServiceDefinition } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { ExternalApiClient, TemporalUnavailableError } from '../../src/client/index.ts';
import { requestIdFor } from '../../src/client/request-id.ts';

const same = (bytes: Buffer): Buffer => bytes;

function call(name: string): ServiceDefinition[string] {
  return {
    path: `/temporal.api.workflowservice.v1.WorkflowService/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

/** A client of a server that answers every start, and every look at a request, with this status. */
async function clientOf(code: status): Promise<ExternalApiClient> {
  const server = new Server();
  const calls = { start: call('StartWorkflowExecution'), describe: call('DescribeWorkflowExecution') };
  const fail = (_call: unknown, answer: (error: object) => void): void => answer({ code, details: 'shard 4 is lost.' });
  server.addService(calls, { start: fail, describe: fail });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const client = ExternalApiClient.connect({ temporal: { connectionOptions: { address: `127.0.0.1:${port}` } } });
  onTestFinished(async () => {
    await client.close();
    server.forceShutdown();
  });
  return client;
}

test("[C4] a server's own failure is an error of the client with the server's words, also for a read", async () => {
  const client = await clientOf(status.INTERNAL);
  const error = await client.status(requestIdFor('default', 'x')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TemporalUnavailableError);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^The Temporal server at \S+ .*failed: shard 4 is lost\.$/),
    requestId: null,
  });
});

test('[C4][N1] a start that ends in one may have been made, and says under which id', async () => {
  const client = await clientOf(status.INTERNAL);
  const requestId = requestIdFor('default', 'order-1');
  const start = client.process({ data: 1 }, { idempotencyKey: 'order-1' });
  await expect(start).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE', requestId });
});

test('[C4] a start that the server refuses was not made', async () => {
  const client = await clientOf(status.PERMISSION_DENIED);
  await expect(client.process({ data: 1 })).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE', requestId: null });
});
