import { within } from './time-limits.ts';

/** So long a failure waits for what is closed after it. */
const CLOSE_MS = 5_000;

/**
 * Runs `work`, then `close`. When `work` failed, its failure is what the caller reads: closing may then fail too, or never
 * end, as that of a connection whose Workers were made and never ran.
 */
export async function closeAfter(work: () => Promise<void>, close: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await within(CLOSE_MS, close()).catch(() => {});
    throw error;
  }
  await close();
}
