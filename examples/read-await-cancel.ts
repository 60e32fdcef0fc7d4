/**
 * Starts two requests: awaits the one, cancels the other.
 *
 * Run it beside `npm start`:  TEMPORAL_ADDRESS=127.0.0.1:7233 node dist/examples/read-await-cancel.js
 */
import { APITimeoutError, ExternalAPIError, ExternalApiClient, RequestCancelledError } from 'durable-external-api';

// `await using` closes the connection at the end.
await using client = ExternalApiClient.connect();

const wanted = await client.process({ data: { text: 'hello' }, options: { async: true } }, { deadline: '5 minutes' });
const { status, waitingFor } = await wanted.status();
console.log(`${wanted.requestId} is ${status}, waiting for ${waitingFor?.reason ?? 'nothing'}`);

try {
  const { result, source } = await wanted.result({ timeout: '1 minute' });
  console.log(`It has a result from the ${source}:`, result.processedData);
} catch (error) {
  if (error instanceof APITimeoutError) console.log('The provider took too long.');
  else if (error instanceof ExternalAPIError) console.log(`${error.type} ${error.statusCode ?? ''}: ${error.message}`);
  else throw error;
}

const unwanted = await client.process({ data: { text: 'never mind' }, options: { async: true } });
await unwanted.cancel('the user changed their mind');
await unwanted.result().catch((error: unknown) => {
  if (!(error instanceof RequestCancelledError)) throw error;
  console.log(error.message);
});

for await (const request of client.list({ limit: 5 })) {
  console.log(`${request.createdAt}  ${request.status.padEnd(10)} ${request.requestId}`);
}
