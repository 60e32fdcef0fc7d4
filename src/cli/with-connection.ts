import { Connection } from '@temporalio/client';
import { withProxyRules } from '../client/temporal-channel.ts';
import type { TemporalConfig } from '../config/temporal.ts';

/** Runs `use` with a connection to the configured Temporal server, and closes it. */
export async function withConnection<Result>(
  { connectionOptions }: TemporalConfig,
  use: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = Connection.lazy(withProxyRules(connectionOptions));
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}
