/** Who asked, where that is kept: a caller of the gateway is told from an operator by this. */
const TENANT = 'tenant:';

export function calledBy(tenant: string): string {
  return TENANT + tenant;
}

/** Whether it was a caller, and no operator. */
export function isOfCaller(by: string): boolean {
  return by.startsWith(TENANT);
}
