type NotYet = false | null | undefined;

/** Waits until `condition` gives something other than undefined, null or false, and returns it. */
export async function waitUntil<Value>(
  what: string,
  condition: () => Value | NotYet | Promise<Value | NotYet>,
  timeoutMs = 20_000,
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
