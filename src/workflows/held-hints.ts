import { CancellationScope, sleep } from '@temporalio/workflow';
import type { Request } from './create-request.ts';
import type { HintPlan } from './hint-plan.ts';

/**
 * What callbacks do for a request that is held: each that is heeded has the provider asked, one after the other. Until that
 * is stopped.
 *
 * @param onHint told of each
 * @param ask null: the provider cannot be asked whose work it is
 */
export function heedHints(
  request: Request,
  { plan, onHint, ask }: { plan: HintPlan; onHint: () => void; ask: (() => Promise<void>) | null },
): { stop(): void } {
  const scope = new CancellationScope();
  let isAsking = false;

  async function askAfter(delayMs: number, about: () => Promise<void>): Promise<void> {
    if (delayMs > 0) await sleep(delayMs);
    await about();
    isAsking = false;
    heed();
  }

  function heed(): void {
    if (ask === null || isAsking || !plan.isNews(request.lastCallbackAt)) return;
    isAsking = true;
    scope.run(() => askAfter(plan.heed(Date.now()), ask)).catch(() => {});
  }

  request.onCallback = () => {
    onHint();
    heed();
  };
  // One that came before the question was open counts.
  if (request.lastCallbackAt > -Infinity) request.onCallback();
  return {
    stop() {
      request.onCallback = null;
      scope.cancel();
    },
  };
}
