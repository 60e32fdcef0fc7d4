/**
 * Measures each variant once a round, in turn: A B, B A, A B, … so that neither always comes first.
 *
 * @param {number} rounds
 * @param {readonly string[]} variants
 * @param {(variant: string) => Promise<object>} measure
 * @returns {Promise<Record<string, object[]>>} samples by variant, one a round
 */
export async function interleave(rounds, variants, measure) {
  const samples = Object.fromEntries(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? variants : variants.toReversed();
    // One after the other is the point: they share the machine.
    for (const variant of order) samples[variant].push(await measure(variant));
  }
  return samples;
}
