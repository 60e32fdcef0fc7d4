const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What a text stands for; null: it is no Base64, of which Node.js would read what it can. */
export function bytesOf(base64: string): Buffer | null {
  return BASE64.test(base64) ? Buffer.from(base64, 'base64') : null;
}
