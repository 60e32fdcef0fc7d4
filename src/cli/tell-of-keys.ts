import type { KeyFileListener } from '../config/api-keys.ts';
import type { createLogger } from '../observability/logger.ts';

/** Writes into the log what becomes of the file of keys. */
export function tellOfKeys(file: string, logger: ReturnType<typeof createLogger>): KeyFileListener {
  return {
    onChange: (keys) => logger.info({ event: 'gateway_keys_read', file, keys }, 'the keys of callers were read again'),
    onUnusable: (reason) =>
      logger.warn(
        { event: 'gateway_keys_unusable', file, reason },
        'the file of keys cannot be used; the keys that were read last stay',
      ),
  };
}
