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
    await within(CLOSE_MS, close());
    throw error;
  }
  await close();
}

/** Resolves when `promise` is settled, or after `ms`. */
function within(ms: number, promise: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise
      .catch(() => {})
      .then(() => {
        clearTimeout(timer);
        resolve();
      });
  });
}
