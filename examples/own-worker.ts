/**
 * A worker inside a service of your own, with a function that stands in for the results of requests that fail.
 *
 * It reads the variables of `external-api worker`. Run it instead of one:  node dist/examples/own-worker.js
 */
import { composeWorker, loadWorkerConfig } from 'durable-external-api/worker';

const worker = composeWorker({
  config: loadWorkerConfig(),
  fallback: 'empty',
  fallbacks: {
    empty: async ({ requestId, failure }) => {
      console.log(`${requestId} has no result: ${failure.message}`);
      return { processedData: {}, metadata: { processingTime: 0, version: 'none' } };
    },
  },
  observer: { called: ({ operation, statusCode, outcome }) => console.log(operation, statusCode, outcome) },
});

// Returns when SIGTERM or SIGINT, or worker.shutdown(), has drained it.
await worker.run();
