import { callError } from '../contract/errors.ts';
import type { ErrorDetails } from '../contract/failures.ts';
import { isReservedHeader } from '../profile/member-schemas.ts';
import { FIT } from './authorization.ts';
import { orAborted } from './or-aborted.ts';
import { OWN_HEADERS, pairsOf, type HttpRequest, type Method } from './transport.ts';

/** A call as it goes out. */
export interface SignableRequest {
  readonly method: Method;
  readonly url: URL;
  /** Lower-case names. All of them but Host, Content-Length and Connection, which HTTP itself adds. */
  readonly headers: Readonly<Record<string, string>>;
  /** Exactly what is sent, in UTF-8; null: nothing. */
  readonly body: string | null;
}

/**
 * Signs a call to the provider's own origin, right before its first byte leaves: gives the headers to add to it, by name.
 * It never sees token calls, or results at other origins. When it throws, takes longer than 5 s, or gives a header that is
 * there already or that is no caller's to set, nothing is sent, and the call is tried again later.
 */
export type SignRequest = (
  request: SignableRequest,
  /** Aborts when nobody waits for the headers any more. */
  context: { readonly signal: AbortSignal },
) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;

/** What the call is about. */
type About = Pick<ErrorDetails, 'requestId' | 'providerRequestId'>;

/** The signature of one call. */
export interface Signature {
  /**
   * Headers to add: name, value, name, value.
   * @throws CallError of the row `notSigned`; the reason of `signal`
   */
  headersFor(request: HttpRequest, signal: AbortSignal | undefined, about: About): Promise<string[]>;
  /** What no message may show of what was added. */
  readonly secrets: readonly string[];
}

/** A permit is held meanwhile, and a place on a socket. */
const SIGN_MS = 5_000;

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

export function createSignature(sign: SignRequest, origin: string): Signature {
  let secrets: string[] = [];
  return {
    async headersFor({ method, path, headers: sent, body }, signal, about) {
      const headers = Object.freeze(Object.fromEntries(pairsOf([...sent, ...OWN_HEADERS])));
      const request = Object.freeze({ method, url: new URL(origin + path), headers, body });
      try {
        const added = checked(await inTime((context) => sign(request, context), signal), headers);
        secrets = added.flatMap(([, value]) => secretsIn(value));
        return added.flat();
      } catch (error) {
        throw error instanceof NotSignedError ? callError('notSigned', error.message, about) : error;
      }
    },
    get secrets() {
      return secrets;
    },
  };
}

/** The headers that the hook gives, unless it throws, is late, or nobody waits for it any more. */
async function inTime(
  run: (context: { signal: AbortSignal }) => unknown,
  signal: AbortSignal | undefined,
): Promise<[name: string, value: unknown][]> {
  signal?.throwIfAborted();
  const given = new AbortController();
  const onAbort = (): void => given.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  const onLate = (): void => given.abort(new NotSignedError(`gave nothing within ${SIGN_MS / 1000} s`));
  const timer = setTimeout(onLate, SIGN_MS);
  try {
    // Read here too: a getter is code of the hook.
    const answer = (async () => entriesOf(await run({ signal: given.signal })))().catch((error: unknown) => {
      throw error instanceof NotSignedError ? error : new NotSignedError(`failed with ${kindOf(error)}`);
    });
    return await orAborted(answer, given.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function entriesOf(added: unknown): [name: string, value: unknown][] {
  if (typeof added === 'object' && added !== null && !(Symbol.iterator in added)) return Object.entries(added);
  throw new NotSignedError("must give an object of header names and values, such as { authorization: '…' }");
}

function checked(
  added: readonly [name: string, value: unknown][],
  sent: Readonly<Record<string, string>>,
): [name: string, value: string][] {
  const headers = new Map<string, string>();
  for (const [name, value] of added) {
    // It may be a whole line, with its value.
    if (!NAME.test(name))
      throw new NotSignedError('gave a name that no header has; it may be a secret, and is not told');
    const problem = problemOf(name, value, (lower) => Object.hasOwn(sent, lower) || headers.has(lower));
    if (problem !== null) throw new NotSignedError(`gave the header ${JSON.stringify(name)}, ${problem}`);
    headers.set(name.toLowerCase(), value as string);
  }
  return [...headers];
}

/** It never says the value. */
function problemOf(name: string, value: unknown, isThere: (lower: string) => boolean): string | null {
  if (isReservedHeader(name)) return 'which is not its to set';
  if (isThere(name.toLowerCase())) return 'which the call has already: take it out of the profile, or of the hook';
  if (typeof value !== 'string' || !FIT.test(value)) return 'whose value must be a text of visible ASCII characters';
  return null;
}

/** What is shorter stands in other words too, such as `Bearer`. */
const SHORTEST_SECRET = 8;

/** A value, and the parts that a provider may repeat without the rest: of `Bearer …`, of `Credential=…, Signature=…`. */
function secretsIn(value: string): string[] {
  const words = value.split(/[\s,;]+/);
  const bare = words.map((word) => word.slice(word.indexOf('=') + 1).replaceAll('"', ''));
  return [...new Set([value, ...words, ...bare])].filter((part) => part.length >= SHORTEST_SECRET);
}

/** Not its message: those of cryptographic and HTTP libraries may have what they choked on. And of the rest only names. */
function kindOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return 'what is no Error';
    const said: unknown[] = [error.constructor.name, 'code' in error ? error.code : ''];
    return said.filter((one) => typeof one === 'string' && /^\w{1,64}$/.test(one)).join(' ') || 'Error';
  } catch {
    return 'what cannot be read';
  }
}

class NotSignedError extends Error {
  constructor(why: string) {
    super(`Nothing was sent: the sign hook ${why}`);
  }
}
