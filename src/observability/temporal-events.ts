import type { Logger } from './logger.ts';

/** The time in which a worker's Temporal server did not answer, or did not let it in. */
export interface TemporalOutage {
  since: Date;
  /** Of the last failure; one line without secrets. */
  reason: string;
}

/** What a worker sees of its Temporal server becomes log lines here. */
export function observeTemporal(logger: Logger, address: string) {
  const of = ({ since }: TemporalOutage) => ({ address, since: since.toISOString() });
  return {
    unavailable(outage: TemporalOutage): void {
      logger.warn(
        { event: 'temporal_unavailable', ...of(outage), reason: outage.reason },
        'The Temporal server does not answer: this worker waits for it',
      );
    },

    available(outage: TemporalOutage): void {
      logger.info({ event: 'temporal_available', ...of(outage) }, 'The Temporal server answers again');
    },
  };
}

export type TemporalEvents = ReturnType<typeof observeTemporal>;
