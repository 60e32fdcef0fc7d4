import fc from 'fast-check';

/** What of JSON Schema the OpenAPI document uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

/** Values that mostly fit a schema: now and then a part of one is anything else. */
export function valuesOf(schema: Schema, anything: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 2 })) {
  return fc.oneof({ weight: 9, arbitrary: fitting(schema) }, { weight: 1, arbitrary: anything });

  function fitting({ type, ...of }: Schema): fc.Arbitrary<unknown> {
    if ('const' in of) return fc.constant(of.const);
    if (of.enum !== undefined) return fc.constantFrom(...of.enum);
    const either = of.oneOf ?? (type === undefined ? of.anyOf : undefined);
    if (either !== undefined) return fc.oneof(...either.map(fitting));
    if (Array.isArray(type)) return fc.oneof(...type.map((one) => fitting({ ...of, type: one })));
    switch (type) {
      case 'object':
        return objects(of);
      case 'array':
        return fc.array(valuesOf(of.items ?? {}, anything), { maxLength: 3 });
      case 'string':
        return strings(of);
      case 'integer':
        return fc.integer({ min: of.minimum ?? -10, max: Math.min(of.maximum ?? 1_000, 1_000) });
      case 'number':
        return fc.double({ min: of.minimum ?? 0.001, max: of.maximum ?? 1e6, noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return anything;
    }
  }

  function objects({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
    const members = Object.fromEntries(
      Object.entries(properties).map(([name, member]) => [name, valuesOf(member, anything)]),
    );
    const known = fc.record(members, { requiredKeys: required });
    const more = fc.dictionary(fc.string({ maxLength: 8 }), anything, { maxKeys: 1 });
    return fc.oneof(
      { weight: 9, arbitrary: known },
      { weight: 1, arbitrary: fc.tuple(known, more).map(([own, other]) => ({ ...own, ...other })) },
    );
  }

  function strings({ pattern, format, maxLength = 40 }: Schema): fc.Arbitrary<string> {
    // fast-check makes no texts for what is looked ahead to.
    if (pattern !== undefined)
      return fc.stringMatching(pattern.includes('(?') ? /^[\w/-]{1,40}$/ : new RegExp(pattern));
    if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
    return fc.string({ maxLength: Math.min(maxLength, 40), unit: 'grapheme' });
  }
}
