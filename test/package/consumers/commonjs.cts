import { APIRateLimitError, ExternalAPIError, ExternalApiClient, type Duration } from 'durable-external-api-client';
import { FakeExternalApiClient, type FakeAnswer } from 'durable-external-api-client/testing';

async function main(): Promise<void> {
  const answer: FakeAnswer = { status: 'timed_out', failure: 'rateLimited' };
  const fake = new FakeExternalApiClient();
  fake.answer(answer);
  const client: ExternalApiClient = fake;
  const deadline: Duration = '10 minutes';
  // @ts-expect-error a text that is no duration
  const bad: Duration = 'banana';
  const handle = await client.process({ data: { text: 'hello' } }, { deadline });
  let seen: string | null = null;
  try {
    await handle.result();
  } catch (error) {
    if (error instanceof ExternalAPIError) seen = `${error.type} ${error instanceof APIRateLimitError}`;
  }
  await client.close();
  const module = await import('durable-external-api-client');
  console.log(JSON.stringify({ seen, bad, oneCopy: module.ExternalApiClient === ExternalApiClient }));
}

void main();
