import { isOfCaller } from './called-by.ts';

/** A variable of our processes, with what it has. */
const SETTING = String.raw`\b(?:DELIVERY|EXTERNAL_(?:API|OAUTH|WEBHOOK)|GATEWAY|PUBLIC|REDIS|TEMPORAL)_[A-Z][A-Z_]*\b(?:=\S*\w)?`;

/** Advice to operators: in parentheses, or as the last part of a sentence. One that stands alone leaves its sentence whole. */
const SETTINGS: readonly [RegExp, string][] = [
  [new RegExp(String.raw` \([^()]*${SETTING}[^()]*\)`, 'g'), ''],
  [new RegExp(String.raw`[:,] (?:check|set) [^.;:]*${SETTING}[^.;:]*`, 'g'), ''],
  [new RegExp(SETTING, 'g'), 'a setting of this service'],
];

/** A text with no name of a variable, which is nothing that a caller could set. */
export function withoutSettings(text: string): string {
  return rewrite(text, SETTINGS);
}

/**
 * What is of the inside in a text for operators, and what stands for it. A failure names the origin of the provider, and of
 * a proxy before it; a provider may name hosts and files of its own.
 */
const INSIDE: readonly [RegExp, string][] = [
  // As config and provider/proxy.ts write it: whose proxy it is and what to set is no caller's matter.
  [
    /(?:Could not connect to |No answer within [\d.]+ s from )?the proxy \w+:\/\/.*?(?=\. Nothing was sent|$)/gis,
    'The provider could not be reached',
  ],
  // A URL, up to what ends its sentence.
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s'"`<>()]*[^\s'"`<>().,;:!?]/gi, 'the provider'],
  [/\[[0-9a-f:.]*:[0-9a-f:.]+\](?::\d+)?/gi, 'an address'],
  [/(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?![\w.]\d)/g, 'an address'],
  [
    /(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}:?[0-9a-f]{0,4}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4})?::[0-9a-f:]+/gi,
    'an address',
  ],
  [/\b(?:localhost|(?:[a-z0-9-]+\.)+[a-z0-9-]+):\d{1,5}\b/gi, 'an address'],
  [/\b(?:[a-z0-9-]+\.)+(?:internal|intranet|local|localdomain|lan|corp|home\.arpa|svc)\b/gi, 'an address'],
  [/(?<![\w./])\/(?:app|etc|home|mnt|opt|proc|root|run|srv|tmp|usr|var)\/[^\s'"`<>()]*[^\s'"`<>().,;:!?]/g, 'a file'],
];

/** A text as a caller may read it: with no origin, address, port, file or variable of the inside. */
export function forCallers(text: string): string {
  return rewrite(withoutSettings(text), INSIDE).replace(/^the provider/, 'The provider');
}

function rewrite(text: string, rows: readonly [RegExp, string][]): string {
  return rows.reduce((line, [pattern, instead]) => line.replace(pattern, instead), text);
}

interface Told {
  error: { message: string } | null;
  resolution?: { by: string; reason: string } | null;
}

/** A request as its caller may read it: the state itself stays as it is, for operators. */
export function stateForCallers<State extends Told>(state: State): State {
  const { error, resolution } = state;
  const isOperators = resolution && !isOfCaller(resolution.by);
  return {
    ...state,
    error: error && errorForCallers(error),
    // A caller's own reason is its own text.
    ...(isOperators && { resolution: { ...resolution, reason: forCallers(resolution.reason) } }),
  };
}

export function errorForCallers<Failure extends { message: string }>(error: Failure): Failure {
  return { ...error, message: forCallers(error.message) };
}
