/** `Promise.all` over `of(value)`, with at most `limit` under way. */
export async function mapConcurrently<Value, Result>(
  values: readonly Value[],
  limit: number,
  of: (value: Value) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = values.entries();
  async function work(): Promise<void> {
    for (const [index, value] of queue) results[index] = await of(value);
  }
  await Promise.all(Array.from({ length: limit }, work));
  return results;
}
