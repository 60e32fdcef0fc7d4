import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { waitUntil } from '../helpers/wait-until.ts';
import { startProviderStack } from './provider-stack.ts';
import type { Answer, ScriptedCall } from './scripted-provider.ts';

const SIGNED = fileURLToPath(new URL('../provider/signed.yaml', import.meta.url));

/** Takes signed calls only. */
function signedOnly({ method, path, headers }: ScriptedCall): Answer {
  if (headers['x-signature'] !== 'signed-by-us') return { status: 401, body: { why: 'not signed' } };
  if (method === 'POST') return { status: 202, body: { id: 'job-1' } };
  return { body: path.endsWith('/result') ? { rows: [] } : { id: 'job-1', state: 'done' } };
}

test('[N13][N6][N1] while the hook fails nothing is sent, a request waits and says why; it goes on when the hook works: one submit', async () => {
  let fails = true;
  const sign = () => {
    if (fails) throw new Error('canary-key-store');
    return { 'x-signature': 'signed-by-us' };
  };
  const env = { EXTERNAL_API_MAX_RETRIES: '2' };
  await using stack = await startProviderStack(SIGNED, { contract: signedOnly, sign, env });
  const handle = await stack.submit({ text: 'hello' }, []);
  // More often than calls are repeated.
  const waiting = await waitUntil('it was tried five times', async () => {
    const { waitingFor } = await handle.status();
    return (waitingFor?.attempt ?? 0) > 5 && waitingFor;
  });
  expect(waiting.reason).toMatch(/^(retry_backoff|worker)$/);
  const sentence = await waitUntil('why says it', async () => {
    const why = await handle.why();
    return why.sentence.includes('is tried again') && why.sentence;
  });
  expect(sentence).toContain('Nothing was sent: the sign hook failed with Error');
  expect(stack.provider.ledger).toEqual([]);

  fails = false;
  expect((await handle.result()).result.processedData).toEqual({ rows: [] });
  expect(stack.provider.calls(/^POST/)).toHaveLength(1);
  expect(await stack.history(handle.requestId)).not.toMatch(/canary|signed-by-us/);
});
