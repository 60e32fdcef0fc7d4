import type { Endpoint } from '../../src/fake-provider/endpoint.ts';
import type { FakeProvider, LedgerEntry } from '../../src/fake-provider/index.ts';

/** What the provider saw of one request. */
export function callsAbout(fake: FakeProvider, requestId: string, endpoint: Endpoint): LedgerEntry[] {
  return fake.ledger.filter((call) => call.idempotencyKey === requestId && call.endpoint === endpoint);
}
