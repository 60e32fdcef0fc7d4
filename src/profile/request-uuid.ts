import { createHash } from 'node:crypto';
import type { Reference } from './sources.ts';

/** Of our own: a version 5 UUID is made of a namespace and a name (RFC 9562, section 5.5). */
const NAMESPACE = Buffer.from('8f2b0c5e4d9146d0a3f76b1c9e5d2a74', 'hex');

/** The same UUID for the same request, for a provider that takes nothing else as a key. */
export function requestUuid(requestId: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(requestId).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What a provider gets for a reference. */
export function referenceOf(name: Reference, requestId: string): string {
  return name === 'requestId' ? requestId : requestUuid(requestId);
}
