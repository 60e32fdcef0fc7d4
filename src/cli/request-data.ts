import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { inexactIn } from '../contract/exact-json.ts';
import { MAX_INPUT_BYTES } from '../contract/limits.ts';
import type { JsonValue } from '../contract/request.ts';
import { whyUnreadable } from '../contract/unreadable-file.ts';
import { UsageError } from './exit.ts';

/** Where the data of a request comes from: exactly one of these. */
export interface DataSource {
  data?: string | undefined;
  file?: string | undefined;
  /** `-`: standard input. */
  stdin?: string | undefined;
}

/** @throws UsageError saying what is wrong, and where in the text */
export async function readData({ data, file, stdin }: DataSource): Promise<JsonValue> {
  if ([data, file, stdin].filter((source) => source !== undefined).length !== 1) {
    throw new UsageError("say what to process, once: --data '{…}', --file <path>, or - to read standard input");
  }
  if (data !== undefined) return parseJson(data, '--data', ` Quote it for the shell: --data '{"key": "value"}'.`);
  if (file !== undefined) return parseJson(await readTextFile(file), file);
  if (stdin !== '-') throw new UsageError(`unknown source '${stdin}': use --file <path> for a file, - for stdin`);
  return parseJson(decode(await readBounded(process.stdin, 'standard input'), 'standard input'), 'standard input');
}

/** @throws UsageError saying what is wrong with the file */
export async function readTextFile(path: string): Promise<string> {
  return decode(await readWhole(path), path);
}

/** Blanks and escapes may make the text of an input this much longer than the JSON that is kept of it. */
const MAX_TEXT_BYTES = 8 * MAX_INPUT_BYTES;

/** @throws UsageError as soon as it is too long: it may have no end */
async function readBounded(stream: Readable, source: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_TEXT_BYTES) {
      const limits = `more than ${MAX_TEXT_BYTES} bytes, and at most ${MAX_INPUT_BYTES} bytes of JSON can be kept`;
      throw new UsageError(`${source} has ${limits}: send a reference to the data instead`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readBounded(createReadStream(path), path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${path}: ${whyUnreadable(error)}`);
  }
}

/** A byte order mark is dropped. */
function decode(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${source} is not UTF-8 text`);
  }
}

function parseJson(text: string, source: string, hint = ''): JsonValue {
  let json: JsonValue;
  try {
    json = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new UsageError(`${source} is not JSON: ${located(text, (error as SyntaxError).message)}.${hint}`);
  }
  const inexact = inexactIn(text);
  if (inexact !== null) throw new UsageError(`${inexact.path || 'the number'} in ${source} ${inexact.problem}`);
  return json;
}

/** V8 tells a place by its offset or by the text around it; a person looks for a line. */
function located(text: string, message: string): string {
  return message.replace(/ in JSON at position (\d+).*$/, (_, position: string) => {
    const before = text.slice(0, Number(position)).split('\n');
    return ` at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  });
}
