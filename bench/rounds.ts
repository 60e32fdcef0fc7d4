/**
 * Measures each variant once a round, in turn: A B, B A, A B, … so that neither always comes first.
 *
 * @returns samples by variant, one a round
 */
export async function interleave<Variant extends string, Sample>(
  rounds: number,
  variants: readonly Variant[],
  measure: (variant: Variant) => Promise<Sample>,
): Promise<Record<Variant, Sample[]>> {
  const samples = Object.fromEntries(variants.map((variant) => [variant, []])) as unknown as Record<Variant, Sample[]>;
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? variants : variants.toReversed();
    // One after the other is the point: they share the machine.
    for (const variant of order) samples[variant].push(await measure(variant));
  }
  return samples;
}
