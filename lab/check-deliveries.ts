import type { AcceptedRequest, Evidence } from './evidence.ts';
import { groupBy } from './group-by.ts';
import { type Delivered, type DeliveryEvidence, takes } from './receiver-kinds.ts';
import type { Judgement } from './verdict.ts';

/** A server that is restarted is back by then, and what was told to it meanwhile has arrived. */
const AFTERMATH_MS = 15_000;

/** What the receivers had, against how the requests ended. */
export function checkDeliveries(
  verdict: Judgement,
  { accepted, histories, deliveries }: Pick<Evidence, 'accepted' | 'histories' | 'deliveries'>,
): void {
  const { received, forbidden, disturbedAt } = deliveries;
  const ofPath = groupBy(received, ({ path }) => path);
  for (const request of accepted) {
    if (request.callback === null) continue;
    const { receiver, path } = request.callback;
    const arrived = ofPath.get(path) ?? [];
    ofPath.delete(path);
    const facts = histories.get(request.requestId);
    const seen = `${receiver}; ended as ${facts?.status}; ${described(arrived)}`;
    verdict.count(`deliveries: ${receiver}`, 1);
    verdict.count(`deliveries: attempts, ${receiver}`, arrived.length);
    // That it has ended is a rule of its own.
    const hasEnded = facts !== undefined && facts.end !== null;
    if (hasEnded && takes(receiver)) {
      const taken = arrived.filter(({ statusCode, says }) => statusCode === 204 && says?.status === facts.status);
      verdict.hold('delivered', taken.length > 0, request.requestId, seen);
      if (taken.length > 1) verdict.count('deliveries: taken twice', 1);
    }
    if (hasEnded && arrived.length > 0) {
      const isTrue = arrived.every((one) => tells(one, request, facts.status, facts.resultSha256));
      const isOne = new Set(arrived.map(({ webhookId }) => webhookId)).size === 1;
      verdict.hold('toldTrue', isTrue && isOne, request.requestId, seen);
    }
    if (receiver === 'gone' && arrived.length > 0) {
      verdict.hold('goneHeeded', isHeeded(arrived, disturbedAt), request.requestId, seen);
    }
  }
  for (const { path, isGenuine, says } of received) {
    verdict.hold('signed', isGenuine, says?.requestId ?? '(unreadable)', `a false signature at ${path}`);
  }
  for (const [path, arrived] of ofPath) {
    verdict.hold('toldTrue', false, '(nobody)', `nobody wants to be told at ${path}; ${described(arrived)}`);
  }
  const redirects = received.filter(({ statusCode }) => statusCode === 302);
  const { connections, tried } = forbidden;
  if (redirects.length + tried + connections > 0) {
    verdict.hold('notForbidden', connections === 0, '(all)', `${connections} connections to a forbidden address`);
    verdict.count('deliveries: to a URL of a forbidden address', tried);
    verdict.count('deliveries: redirected to a forbidden address', redirects.length);
  }
}

function tells(
  { says }: Delivered,
  { requestId }: AcceptedRequest,
  status: string | null,
  sha256: string | null,
): boolean {
  if (says === null || says.requestId !== requestId) return false;
  return says.status === status && says.type === `request.${status}` && says.resultSha256 === sha256;
}

/** Whether whoever heard the 410 could not tell it, each time that it was told again. */
function isHeeded(arrived: readonly Delivered[], disturbedAt: DeliveryEvidence['disturbedAt']): boolean {
  return arrived.every(({ at }, n) => {
    const before = arrived[n - 1]?.at;
    return before === undefined || disturbedAt.some((moment) => before - AFTERMATH_MS <= moment && moment <= at);
  });
}

function described(arrived: readonly Delivered[]): string {
  const one = ({ says, statusCode }: Delivered): string =>
    `${says?.type ?? 'unreadable'} (${statusCode ?? 'no answer'})`;
  return arrived.length === 0 ? 'nothing arrived' : `arrived: ${arrived.map(one).join(', ')}`;
}
