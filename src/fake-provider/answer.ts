import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** One whole HTTP answer. */
export interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: string;
}

export function json(status: number, body: unknown, headers: OutgoingHttpHeaders = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** The contract's shape of an error: a status and an `error` detail. */
export function problem(status: number, error: string, headers: OutgoingHttpHeaders = {}): Answer {
  return json(status, { error }, headers);
}

export function mediaType(req: IncomingMessage): string {
  return (req.headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
}
