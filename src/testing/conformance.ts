import type { JsonValue } from '../contract/request.ts';
import type { ProviderClient } from '../provider/provider.ts';
import { onStage } from './conformance-stage.ts';
import { SUBMIT_RULES } from './conformance-submit.ts';
import { WORK_RULES } from './conformance-work.ts';
import { DATA_PROCESSING, type ProviderContract } from './provider-contract.ts';

export interface ProviderClientUnderTest {
  /** Makes a client of the provider at `baseUrl`, for one case: `http://127.0.0.1:<port>`. */
  create: (at: { baseUrl: string }) => ProviderClient | Promise<ProviderClient>;
  /** How that provider speaks. Default: as the data-processing API v2.1. */
  contract?: ProviderContract;
  /** The data of every submit. Default: `{text: 'hello'}`. */
  data?: JsonValue;
  /** What the client was given, and must never tell. */
  secrets?: readonly string[];
}

export interface ConformanceCase {
  /** A rule. */
  readonly title: string;
  /** Rejects with what is wrong in the client. */
  readonly run: () => Promise<void>;
}

/**
 * The rules that a provider client keeps, so that nothing is lost or done twice: each a case for a test runner of yours, with a
 * server and a client of its own. `for (const { title, run } of providerClientCases({ create })) test(title, run)`
 */
export function providerClientCases(options: ProviderClientUnderTest): ConformanceCase[] {
  const { create, contract = DATA_PROCESSING, data = { text: 'hello' }, secrets = [] } = options;
  return [...SUBMIT_RULES, ...WORK_RULES]
    .filter(({ applies }) => applies?.(contract) ?? true)
    .map(({ title, play }) => ({ title, run: () => onStage({ create, contract, data, secrets }, play) }));
}
