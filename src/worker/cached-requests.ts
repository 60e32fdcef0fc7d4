import { totalmem } from 'node:os';

const MIB = 2 ** 20;

const BULK_PART = 1 / 4;

/** What a worker takes without one request in its memory, and with all of its calls under way. */
const BASE_BYTES = 384 * MIB;

/** What one with an input of 1 MiB holds: as text and as an object, and what of its way through the SDK is not yet collected. */
const LARGE_REQUEST_BYTES = 7 * MIB;

/**
 * More would only hold requests that wait: the others come back within seconds, and are few. One that comes back after a
 * longer time costs a replay of its history, some milliseconds.
 */
const MOST = 120;
/** Fewer would replay what is under way. */
const FEWEST = 20;

/** How many requests a worker keeps in memory, so that it survives large ones in so many bytes. */
export function cachedRequestsIn(bytes: number): number {
  const fitting = Math.floor((bytes - BASE_BYTES) / (LARGE_REQUEST_BYTES * (1 + BULK_PART)));
  return Math.max(FEWEST, Math.min(MOST, fitting));
}

/** Bulk requests wait for long by their nature: so many of them are kept beside the interactive ones. */
export function cachedBulkRequests(cachedRequests: number): number {
  return Math.ceil(cachedRequests * BULK_PART);
}

/** What this process may use: the limit of its container, if there is one, or the machine's memory. */
export function memoryBytes(): number {
  // Without a limit it is 0, or larger than any machine.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
