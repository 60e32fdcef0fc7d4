import { linesOfCall, linesOfFound } from './provider-text.ts';
import { visible } from './hide-secrets.ts';
import type { ShownExchange } from './try-exchange.ts';

const INDENT = '  ';

/** A call, its answer, and how that reads, as it stands: nobody wants line breaks in a URL. */
export function exchangeText({ reply, reading, failure, ...call }: ShownExchange): string {
  return [
    ...linesOfCall(call),
    ...(reply === null
      ? [`${'answer'.padEnd(8)}none`]
      : [
          `${'answer'.padEnd(8)}${reply.status}`,
          ...Object.entries(reply.headers).map(([name, value]) => `${INDENT}${name}: ${value}`),
          ...(reply.body === '' ? [] : reply.body.split('\n').map((line) => INDENT + line)),
        ]),
    ...(reading === null
      ? []
      : [`${'reads'.padEnd(8)}${reading.phase}: ${reading.means}`, ...linesOfFound(reading.found).map(visible)]),
    ...(failure === null ? [] : [`${'fails'.padEnd(8)}${failure.name ?? 'given up'}: ${failure.message}`]),
  ].join('\n');
}

/** As a document for programs has it. */
export function exchangeToWire({ durationMs, ...exchange }: ShownExchange) {
  return { ...exchange, duration_ms: durationMs };
}
