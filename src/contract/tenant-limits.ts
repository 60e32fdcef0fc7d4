/** What one tenant may ask of the gateways; null: as much as it likes. */
export interface TenantLimits {
  /** Of all routes of callers. */
  readonly callsPerMinute: number | null;
  /** Requests that are open in Temporal at once. */
  readonly requestsInFlight: number | null;
}

export const NO_LIMITS: TenantLimits = { callsPerMinute: null, requestsInFlight: null };
