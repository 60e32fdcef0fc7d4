import { expect, test, vi } from 'vitest';
import { EXIT } from '../../src/cli/exit.ts';
import { waitForRequest } from '../../src/cli/show-request.ts';
import { RequestCancelledError, ResultTimeoutError } from '../../src/client/client-errors.ts';
import type { ExternalApiClient } from '../../src/client/external-api-client.ts';
import { SNAPSHOT } from '../client/why-told.ts';

const ID = SNAPSHOT.requestId;

test.each([
  ['completed', () => Promise.resolve({}), EXIT.ok],
  ['cancelled', () => Promise.reject(new RequestCancelledError(ID)), EXIT.failed],
  ['processing', () => Promise.reject(new ResultTimeoutError(ID)), EXIT.running],
] as const)(
  '[C4] a request that is %s when the time of the wait is over is shown and exits as that',
  async (status, result, code) => {
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const first = vi
      .fn<() => Promise<unknown>>()
      .mockRejectedValueOnce(new ResultTimeoutError(ID))
      .mockImplementation(result);
    const client = { result: first, status: async () => ({ ...SNAPSHOT, status }) } as unknown as ExternalApiClient;
    try {
      expect(await waitForRequest(client, ID, { timeout: 1 })).toBe(code);
    } finally {
      out.mockRestore();
      err.mockRestore();
    }
  },
);

test('[C4] what is shown at a terminal was read after the end: an earlier reading, which others share, is waited for', async () => {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const wasTerminal = process.stderr.isTTY;
  process.stderr.isTTY = true;
  let shared: Promise<object> | null = null;
  let hasEnded = false;
  // As the client does: whoever asks while a reading is under way gets that.
  const status = () => {
    const now = { ...SNAPSHOT, status: hasEnded ? 'completed' : 'processing' };
    shared ??= new Promise<object>((resolve) => setTimeout(resolve, 50, now)).finally(() => (shared = null));
    return shared;
  };
  const result = async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    hasEnded = true;
  };
  try {
    expect(await waitForRequest({ status, result } as unknown as ExternalApiClient, ID, {})).toBe(EXIT.ok);
    expect(out.mock.calls.join('')).toContain('"status": "completed"');
  } finally {
    process.stderr.isTTY = wasTerminal;
    out.mockRestore();
    err.mockRestore();
  }
});
