import type { ExternalApiClient } from '../client/external-api-client.ts';
import { nullIfGone } from '../client/listed.ts';

/** A request whose outcome is unknown, and since when. */
export interface UnknownOutcome {
  requestId: string;
  tenant: string;
  /** ISO 8601. */
  unknownSince: string;
}

export interface Selection {
  /** For how long the outcome must be unknown by now. A younger one may still be told by a callback. */
  olderThanMs: number;
  tenant?: string | undefined;
}

/** The requests of `selection` at `now`, the one that began last first. */
export async function* unknownOutcomes(
  client: ExternalApiClient,
  { olderThanMs, tenant }: Selection,
  now: Date,
): AsyncGenerator<UnknownOutcome> {
  const latest = new Date(now.getTime() - olderThanMs).toISOString();
  const list = client.list({ status: 'outcome_unknown', ...(tenant !== undefined && { tenant }) });
  for await (const listed of list) {
    if (listed.createdAt > latest) continue;
    // The list does not say since when, and lags behind: it may have been decided, have ended or be gone.
    const request = await client.status(listed.requestId).catch(nullIfGone);
    if (request?.status === 'outcome_unknown' && request.updatedAt <= latest) {
      yield { requestId: listed.requestId, tenant: listed.tenant, unknownSince: request.updatedAt };
    }
  }
}
