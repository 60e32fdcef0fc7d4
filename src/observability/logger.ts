import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

export type { Logger };

/** Where a credential could stand in a logged object. A second line of defence: nothing should log these at all. */
const SECRETS = ['authorization', 'Authorization', '["x-api-key"]', '["X-API-Key"]', 'client_secret', 'access_token'];

/**
 * JSON lines on stdout: `{"level":"info","timestamp":"…Z","name":…,"msg":…}`. There is no transport on purpose: pino
 * refuses one beside a level formatter. For reading by eye, pipe the lines to a formatter.
 */
export function createLogger(
  { level, name }: { level: string; name: string },
  destination: DestinationStream = pino.destination(1),
): Logger {
  const options: LoggerOptions = {
    name,
    level,
    base: {},
    formatters: { level: (label) => ({ level: label }) },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    redact: SECRETS.flatMap((key) => ['', '*', 'req.headers', 'err'].map((parent) => pathOf(parent, key))),
  };
  return pino(options, destination);
}

function pathOf(parent: string, key: string): string {
  return parent === '' || key.startsWith('[') ? parent + key : `${parent}.${key}`;
}
