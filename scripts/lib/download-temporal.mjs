// Run as a process of its own: node download-temporal.mjs <empty folder>
// The SDK downloads the server for this platform into the folder and starts it once, which proves that it runs.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir] = process.argv.slice(2);
const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir } },
});
await environment.teardown();
