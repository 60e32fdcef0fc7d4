import { connect } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';

const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService';

/**
 * Waits until the server answers a real call: CountWorkflowExecutions by one of our search attributes needs the
 * front end, the namespace, the visibility store and the attribute.
 */
export async function waitForTemporal(address, attribute, deadlineMs) {
  const request = Buffer.concat([stringField(1, 'default'), stringField(2, `${attribute} = "x"`)]);
  const end = performance.now() + deadlineMs;
  let problem;
  do {
    problem = await callUnary(address, `${SERVICE}/CountWorkflowExecutions`, request);
    if (problem === null) return;
    await delay(50);
  } while (performance.now() < end);
  throw new Error(`The Temporal server at ${address} was not ready within ${deadlineMs / 1000} s: ${problem}`);
}

/** One gRPC call over HTTP/2; null when its status is OK, else what is wrong. */
function callUnary(address, path, message) {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    let status = 'the connection closed without an answer';
    const finish = (problem) => {
      session.destroy();
      resolve(problem);
    };
    session.once('error', (error) => finish(error.message));
    session.setTimeout(2_000, () => finish('no answer within 2 s'));
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const read = (headers) => {
      if (headers['grpc-status'] === undefined) return;
      status = headers['grpc-status'] === '0' ? null : `${headers['grpc-message']}`;
    };
    stream.on('response', read);
    stream.on('trailers', read);
    stream.on('error', (error) => finish(error.message));
    stream.once('close', () => finish(status));
    stream.resume();
    const prefix = Buffer.alloc(5); // Not compressed, and the length (gRPC over HTTP/2, Length-Prefixed-Message).
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}

/** A protobuf field of type string, of at most 127 bytes. */
function stringField(number, text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
