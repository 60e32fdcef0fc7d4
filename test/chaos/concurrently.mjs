/**
 * `Promise.all` over `of(value)`, with at most `limit` under way.
 *
 * @template Value, Result
 * @param {readonly Value[]} values
 * @param {number} limit
 * @param {(value: Value) => Promise<Result>} of
 * @returns {Promise<Result[]>}
 */
export async function mapConcurrently(values, limit, of) {
  const results = [];
  let next = 0;
  async function work() {
    while (next < values.length) {
      const index = next++;
      results[index] = await of(values[index]);
    }
  }
  await Promise.all(Array.from({ length: limit }, work));
  return results;
}
