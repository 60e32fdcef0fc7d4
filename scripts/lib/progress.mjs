/**
 * @typedef {object} Progress
 * @property {(line?: string) => void} say
 * @property {<T>(title: string, work: () => Promise<T>) => Promise<T>} step runs `work`, and shows `title` with the time
 *   it has taken so far
 */

/**
 * Tells that something long is alive: in place on a terminal, else with a line every few seconds. What ends within a
 * second leaves only its last line.
 *
 * @param {import('node:tty').WriteStream | import('node:stream').Writable} stream
 * @returns {Progress}
 */
export function createProgress(stream = process.stdout) {
  const inPlace = 'isTTY' in stream && stream.isTTY === true;
  const [everyMs, before, after] = inPlace ? [1000, '\r\x1b[K', ''] : [5000, '', '\n'];
  const clear = inPlace ? '\r\x1b[K' : '';

  return {
    say: (line = '') => stream.write(`${clear}${line}\n`),

    async step(title, work) {
      const started = performance.now();
      const elapsed = () => duration(performance.now() - started);
      const timer = setInterval(() => stream.write(`${before}… ${title}, ${elapsed()}${after}`), everyMs);
      try {
        const result = await work();
        stream.write(`${clear}✓ ${title} (${elapsed()})\n`);
        return result;
      } catch (error) {
        stream.write(`${clear}✗ ${title} (${elapsed()})\n`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/** `0.4 s`, `12 s`, `2 min 5 s`. @param {number} ms */
export function duration(ms) {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
