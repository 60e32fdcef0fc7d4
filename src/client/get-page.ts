import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A page, or why there is none, as the end of a sentence about the one that was asked. */
export type Page = { problem: null; status: number; text: string } | { problem: string; cause: unknown };

/**
 * Reads a page of a process that may be gone, frozen or another one than we think. Not by `fetch`, whose first use in a
 * process takes hundreds of milliseconds of a processor. Follows no redirect.
 */
export async function getPage(url: string, limits: { deadlineMs: number; maxBytes: number }): Promise<Page> {
  const { deadlineMs, maxBytes } = limits;
  const deadline = AbortSignal.timeout(deadlineMs);
  let isConnected = false;
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, { agent: false, signal: deadline });
      request.on('socket', (socket) => socket.on('connect', () => (isConnected = true)));
      request.on('response', resolve).on('error', reject).end();
    });
    let text = '';
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk;
      if (text.length > maxBytes) return { problem: 'answers without an end', cause: null };
    }
    return { problem: null, status: response.statusCode ?? 0, text };
  } catch (cause) {
    if (!deadline.aborted) return { problem: `does not answer (${codeOf(cause)})`, cause };
    return { problem: isConnected ? silence(deadlineMs) : `gives no connection within ${deadlineMs} ms`, cause };
  }
}

/** Of who is there, and may be frozen or overloaded. */
export function silence(deadlineMs: number): string {
  return `listens and does not answer within ${deadlineMs} ms`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no connection';
}
