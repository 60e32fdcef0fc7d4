import type { RequestError, RequestState } from '../contract/request.ts';

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

/** A text as a caller may read it: with no origin, address, port or file of the inside. */
export function forCallers(text: string): string {
  const told = INSIDE.reduce((line, [pattern, instead]) => line.replace(pattern, instead), text);
  return told.replace(/^the provider/, 'The provider');
}

type Told = Pick<RequestState, 'resolution'> & { error: RequestError | null };

/** A request as its caller may read it: the state itself stays as it is, for operators. */
export function stateForCallers<State extends Told>(state: State): State {
  const { error, resolution } = state;
  const isOperators = resolution && !resolution.by.startsWith('tenant:');
  return {
    ...state,
    error: error && errorForCallers(error),
    // A caller's own reason is its own text.
    ...(isOperators && { resolution: { ...resolution, reason: forCallers(resolution.reason) } }),
  };
}

export function errorForCallers(error: RequestError): RequestError {
  return { ...error, message: forCallers(error.message) };
}
