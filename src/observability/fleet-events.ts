import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** What happens to the state that the workers of a fleet share becomes log lines and metrics here, one for each change. */
export function observeFleet(logger: Logger, metrics: Metrics) {
  return {
    /** Whether calls are counted in Redis; else this process keeps to its share, for the given reason. */
    shared(redisOk: boolean, why: string | null, workers: number): void {
      const event = {
        event: 'external_api_budget_shared',
        shared: redisOk,
        workers,
        ...(why !== null && { reason: why }),
      };
      if (redisOk) logger.info(event, 'Calls are counted in Redis, for all workers together');
      else
        logger.warn(
          event,
          `Calls are not counted in Redis: this worker sends its share, one of ${workers}, or nothing`,
        );
    },

    tooManyWorkers(workers: number, fleetSize: number): void {
      logger.error(
        { event: 'external_api_fleet_too_large', workers, fleet_size: fleetSize },
        `There are ${workers} workers, and EXTERNAL_API_FLEET_SIZE is ${fleetSize}: set it to the largest number of ` +
          'workers, those of a rollout included, or the limit is passed when Redis is lost',
      );
    },

    /** Whether the token is shared: null; else why this process has its own. */
    tokenSharing(problem: 'unavailable' | 'not_ours' | null): void {
      const event = { event: 'external_api_token_sharing', problem };
      if (problem === null) logger.info(event, 'The access token is shared in Redis');
      else logger.warn(event, 'The access token cannot be shared: this worker has one of its own');
    },

    answerLookedUp(outcome: 'hit' | 'miss' | 'unavailable'): void {
      metrics.answersLookedUp.add(1, { outcome });
    },

    answersUnavailable(reason: string): void {
      logger.warn(
        { event: 'external_api_answers_unavailable', reason },
        'Earlier answers cannot be looked up: every request is a call, and none falls back to one',
      );
    },

    /** Each failed attempt to connect, too: what it means for calls is told by the others. */
    redisError(error: Error): void {
      logger.debug({ event: 'external_api_redis_error', reason: error.message });
    },
  };
}

export type FleetEvents = ReturnType<typeof observeFleet>;
