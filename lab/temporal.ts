import { join } from 'node:path';
import { startTemporalServer, type TemporalServer } from '#scripts/temporal-server.mjs';

/** A worker that started while the server was away notices so late at most. */
const AFTERMATH_MS = 10_000;

export interface RestartableTemporal {
  /** The same before and after a restart. */
  address: string;
  /** Whether it is away, or was a moment ago. */
  isDisturbed(): boolean;
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** A Temporal server in a SQLite file, which is killed and comes back on the same port with the same data. */
export async function startTemporal({
  binary,
  folder,
  onDeath,
}: {
  binary: string;
  folder: string;
  onDeath: (end: string) => void;
}): Promise<RestartableTemporal> {
  let lives = 0;
  let disturbedUntil = 0;
  let server: TemporalServer | null = null;

  async function start(port?: number): Promise<TemporalServer> {
    lives += 1;
    const files = { dbFilename: join(folder, 'temporal.db'), logFile: join(folder, `temporal-${lives}.log`) };
    const started = await startTemporalServer({ binary, ...files, ...(port !== undefined && { port }) });
    server = started;
    void started.ended.then((sentence) => server === started && onDeath(sentence));
    return started;
  }

  async function end(): Promise<void> {
    const ending = server;
    server = null;
    await ending?.kill();
  }

  const { address } = await start();
  return {
    address,
    isDisturbed: () => Date.now() < disturbedUntil,
    async restart() {
      disturbedUntil = Infinity;
      await end();
      await start(Number(address.split(':')[1]));
      disturbedUntil = Date.now() + AFTERMATH_MS;
    },
    end,
  };
}
