import { ResultMismatchError } from './client-errors.ts';
import type { CompletedRequest } from './finished-request.ts';

/** What zod 4, valibot, arktype and others implement: https://standardschema.dev, version 1, as far as it is used here. */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly PathPart[] | undefined }[] };

type PathPart = PropertyKey | { readonly key: PropertyKey };

/**
 * The completed request with `processedData` as the schema makes it.
 * @throws ResultMismatchError, also when the schema itself throws
 */
export async function validated<Output>(
  state: CompletedRequest,
  schema: StandardSchema<Output>,
): Promise<CompletedRequest<Output>> {
  const { requestId, result } = state;
  const checked = await checkedBy(schema, result.processedData).catch((cause: unknown) => {
    const message = `the schema failed: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ResultMismatchError(requestId, result, [{ path: '', message }], { cause });
  });
  if (checked.issues) {
    const problems = checked.issues.map(({ path = [], message }) => ({ path: pathOf(path), message }));
    throw new ResultMismatchError(requestId, result, problems);
  }
  return { ...state, result: { ...result, processedData: checked.value } };
}

async function checkedBy<Output>(schema: StandardSchema<Output>, value: unknown): Promise<SchemaResult<Output>> {
  return await schema['~standard'].validate(value);
}

/** `items[3].id` */
function pathOf(parts: readonly PathPart[]): string {
  return parts
    .map((part) => (typeof part === 'object' ? part.key : part))
    .reduce<string>((path, key) => {
      if (typeof key === 'number') return `${path}[${key}]`;
      return path === '' ? String(key) : `${path}.${String(key)}`;
    }, '');
}
