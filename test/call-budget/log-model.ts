import * as fc from 'fast-check';
import type { Operation } from '../../src/contract/values.ts';
import { OPERATION_OF, type CallClass, type Permit, type Room, type Taken } from '../../src/call-budget/rules.ts';

export const MODEL_RULES = {
  windowMs: 1_000,
  longestCallMs: 300,
  longestHeldMs: 150,
  outageAfter: 0,
  probeMs: 60,
  backoffMs: 100,
};

interface Entry {
  operation: Operation;
  id: string;
  at: number;
}

/** The rule of the log in its simplest form: a list that is counted anew each time. */
class LogModel {
  readonly #limit: number;
  #entries: Entry[] = [];
  #wantedUntil = -Infinity;

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoom(callClass: CallClass, calls: number, now: number): boolean {
    const inWindow = this.#entries.filter(({ at }) => at > now - MODEL_RULES.windowMs);
    const submits = inWindow.filter(({ operation }) => operation === 'submit').length;
    const reads = inWindow.length - submits;
    const [tenth, third] = [Math.floor(this.#limit / 10), this.#limit < 10 ? 0 : Math.floor(this.#limit / 3)];
    const isSubmit = callClass === 'interactive' || callClass === 'bulk';
    if (inWindow.length + calls > this.#limit) return false;
    if (callClass === 'bulk' && inWindow.length + calls > this.#limit - tenth) return false;
    if (!isSubmit) return reads + calls <= this.#limit - tenth;
    return now >= this.#wantedUntil || submits + calls <= this.#limit - third;
  }

  refused(callClass: CallClass, now: number): void {
    if (callClass === 'poll' || callClass === 'token') this.#wantedUntil = now + MODEL_RULES.windowMs;
  }

  taken({ id, operation }: Permit, now: number): void {
    this.#entries.push({ id, operation, at: now + MODEL_RULES.longestCallMs });
  }

  arrived(id: string, now: number): void {
    for (const entry of this.#entries) if (entry.id === id) entry.at = Math.min(entry.at, now);
  }

  unsent(id: string, now: number): void {
    this.#entries = this.#entries.filter((entry) => entry.id !== id || entry.at <= now);
  }
}

/** What a log is asked, at the time that the test says. */
export interface LogUnderTest {
  take(callClass: CallClass, now: number): Taken | Promise<Taken>;
  peek(callClass: CallClass, calls: number, now: number): Room | Promise<Room>;
  arrived(permit: Permit, now: number): void | Promise<void>;
  unsent(permit: Permit, now: number): unknown;
}

const callClass = fc.constantFrom<CallClass[]>('interactive', 'bulk', 'poll', 'poll', 'token');
// Round times meet: what leaves at 1000 and is asked for at 1000.
const gap = fc.oneof(fc.constantFrom(0, 0, 50, 100, 200, 500), fc.nat({ max: 300 }));
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('take'), callClass, times: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('peek'), callClass, calls: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('arrived', 'unsent'), which: fc.nat({ max: 5 }) }) },
);

/** Whatever is done, the log grants what the model grants, and no wait that it names is longer than needed. */
export async function followsModel(newLog: (limit: number) => Promise<LogUnderTest>, numRuns: number): Promise<void> {
  const steps = fc.array(fc.tuple(gap, step), { minLength: 10, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), steps, async (limit, run) => {
      const [model, log] = [new LogModel(limit), await newLog(limit)];
      const permits: Permit[] = [];
      let now = 1_000_000;
      const agrees = (of: CallClass, calls: number, waitMs: number): void => {
        if (model.hasRoom(of, calls, now) !== (waitMs === 0)) throw new Error(`${of} at ${now}: ${waitMs} ms`);
        if (waitMs > 1 && model.hasRoom(of, calls, now + waitMs - 1))
          throw new Error(`${of}: ${waitMs} ms is too long`);
      };
      for (const [gapMs, one] of run) {
        now += gapMs;
        if (one.do === 'peek') {
          const { waitMs } = await log.peek(one.callClass, one.calls, now);
          agrees(one.callClass, one.calls, waitMs);
        } else if (one.do === 'take') {
          for (let n = 0; n < one.times; n++) {
            const taken = await log.take(one.callClass, now);
            agrees(one.callClass, 1, taken.permit === null ? taken.waitMs : 0);
            if (taken.permit === null) model.refused(one.callClass, now);
            else {
              if (taken.permit.operation !== OPERATION_OF[one.callClass]) throw new Error('the wrong operation');
              model.taken(taken.permit, now);
              permits.push(taken.permit);
            }
          }
        } else {
          const permit = permits.at(-1 - one.which);
          if (permit === undefined) continue;
          if (one.do === 'arrived') {
            await log.arrived(permit, now);
            model.arrived(permit.id, now);
          } else {
            await log.unsent(permit, now);
            model.unsent(permit.id, now);
          }
        }
      }
    }),
    { numRuns },
  );
}
