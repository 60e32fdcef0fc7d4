import { setTimeout } from 'node:timers/promises';
import { APIRateLimitError, ExternalAPIError, ExternalApiClient, type Duration } from 'durable-external-api-client';
import { FakeExternalApiClient, type FakeAnswer } from 'durable-external-api-client/testing';

const answer: FakeAnswer = { status: 'timed_out', failure: 'rateLimited' };
const fake = new FakeExternalApiClient();
fake.answer(answer);
const client: ExternalApiClient = fake;

const good: Duration[] = [1, '100ms', '10 minutes', '1.5h', '90 s', '2 Weeks', '1H'];
// @ts-expect-error a text that is no duration
const bad: Duration = 'banana';
// @ts-expect-error nor is it one as an option
const refused = await client.process({ data: 1 }, { deadline: 'banana' }).catch((error: unknown) => error);

const handle = await client.process({ data: { text: 'hello' } }, { deadline: '10 minutes' });
// @ts-expect-error what it gives has its types, and is not any
const id: number = handle.requestId;

let seen: string | null = null;
try {
  await handle.result();
} catch (error) {
  if (error instanceof ExternalAPIError) seen = `${error.type} ${error instanceof APIRateLimitError}`;
}
await client.close();
await setTimeout(1);
console.log(
  JSON.stringify({ seen, refused: String(refused), known: [good.length, bad, id === (handle.requestId as unknown)] }),
);
