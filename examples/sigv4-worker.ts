/**
 * A worker for a provider whose calls are signed with AWS Signature Version 4: a signature is of the whole call, so that no
 * profile can say it. The signer is that of the package `aws4fetch`.
 *
 *   EXTERNAL_API_PROVIDER=examples/textract.yaml EXTERNAL_API_BASE_URL=https://textract.eu-west-1.amazonaws.com \
 *   AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… node dist/examples/sigv4-worker.js
 */
import { AwsV4Signer } from 'aws4fetch';
import { composeWorker, loadWorkerConfig, type SignRequest } from 'durable-external-api/worker';

const { AWS_REGION, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN } = process.env;

const sign: SignRequest = async ({ method, url, headers, body }) => {
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers: Object.entries(headers),
    ...(body !== null && { body }),
    service: 'textract',
    ...(AWS_REGION !== undefined && { region: AWS_REGION }),
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN !== undefined && { sessionToken: AWS_SESSION_TOKEN }),
  });
  const signed = await signer.sign();
  // What the call has already stays as it is: the hook gives what is new.
  return Object.fromEntries([...signed.headers].filter(([name]) => !(name in headers)));
};

await composeWorker({ config: loadWorkerConfig(), sign }).run();
