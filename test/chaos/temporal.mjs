import { join } from 'node:path';
import { startTemporalServer } from '../../scripts/temporal-server.mjs';

/** A worker that started while the server was away notices so late at most. */
const AFTERMATH_MS = 10_000;

/** A Temporal server in a SQLite file, which is killed and comes back on the same port with the same data. */
export async function startTemporal({ binary, folder, onDeath }) {
  let lives = 0;
  let disturbedUntil = 0;
  let server;

  async function start(port) {
    lives += 1;
    const files = { dbFilename: join(folder, 'temporal.db'), logFile: join(folder, `temporal-${lives}.log`) };
    const started = await startTemporalServer({ binary, ...files, ...(port !== undefined && { port }) });
    server = started;
    void started.ended.then((end) => server === started && onDeath(end));
  }

  await start();
  const { address } = server;
  return {
    address,
    /** Whether it is away, or was a moment ago. */
    isDisturbed: () => Date.now() < disturbedUntil,
    async restart() {
      disturbedUntil = Infinity;
      await this.end();
      await start(Number(address.split(':')[1]));
      disturbedUntil = Date.now() + AFTERMATH_MS;
    },
    async end() {
      const { kill } = server;
      server = null;
      await kill();
    },
  };
}
