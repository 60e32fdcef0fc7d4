import { InvalidArgumentError } from 'commander';
import { STEPS, type Step } from '../profile/sources.ts';

/** An absolute https URL, or http to try something out. */
export function parseBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && !/[?#]/.test(text)) return url;
  throw new InvalidArgumentError('Expected an absolute URL without credentials, query or fragment.');
}

/** Reads `submit=reply.json`. */
export function parseReply(text: string): { step: Step; path: string } {
  const [, name, path] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  const step = STEPS.find((one) => one === name);
  if (step !== undefined && path !== undefined) return { step, path };
  throw new InvalidArgumentError(
    `Expected a step and a file, such as submit=reply.json; steps are ${STEPS.join(', ')}.`,
  );
}

/** Reads `Location: /jobs/1`, and adds it to those before. */
export function parseHeader(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { ...before, [name.toLowerCase()]: value };
  throw new InvalidArgumentError("Expected a name and a value, such as 'Location: /jobs/1'.");
}
