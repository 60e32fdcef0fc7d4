import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

type Decode = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

/** RFC 9110, section 8.4.1. */
const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['identity', async (bytes) => bytes],
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/** More were never seen on one reply. */
const MOST_CODINGS = 3;

export const UNKNOWN_CODING = 'UNKNOWN_CONTENT_CODING';

/**
 * The text of a reply's body. We ask for `identity`, and what comes packed all the same is unpacked. A byte-order mark is
 * dropped (RFC 8259, section 8.1).
 *
 * @param codings the header Content-Encoding; null: there was none
 * @throws {Error} whose `code` says why not: {@link UNKNOWN_CODING}, one of node:zlib's, `ERR_BUFFER_TOO_LARGE`,
 * `ERR_ENCODING_INVALID_ENCODED_DATA`
 */
export async function replyText(body: Buffer, codings: string | null, maxBytes: number): Promise<string> {
  const applied = (codings ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  const decoders = applied.filter((coding) => coding !== '').map((coding) => DECODERS.get(coding));
  if (decoders.length > MOST_CODINGS || decoders.includes(undefined)) {
    throw Object.assign(new Error('unknown content coding'), { code: UNKNOWN_CODING });
  }
  let bytes = body;
  for (const decode of decoders.toReversed()) {
    if (decode !== undefined && bytes.length > 0) bytes = await decode(bytes, { maxOutputLength: maxBytes });
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
