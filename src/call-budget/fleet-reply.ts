import type { Closure, Room } from './rules.ts';
import { CLOSED_BY, type ClosedBy } from '../contract/values.ts';

/** What the script answers, read from left to right; anything unexpected throws. */
export class FleetReply {
  readonly #items: unknown[];
  readonly word: string;
  /** For so long the log is not complete, and each worker keeps to its share. */
  readonly quietMs: number;
  readonly seq: number;
  /** Redis's time. */
  readonly now: number;

  constructor(reply: unknown) {
    if (!Array.isArray(reply)) throw unexpected();
    this.#items = [...reply];
    this.word = this.text();
    this.quietMs = this.number();
    this.seq = this.number();
    this.now = this.number();
  }

  text(): string {
    const item = this.#items.shift();
    if (typeof item !== 'string') throw unexpected();
    return item;
  }

  number(): number {
    return toNumber(this.text());
  }

  optionalNumber(): number | null {
    const text = this.text();
    return text === '' ? null : toNumber(text);
  }

  flag(): boolean {
    return this.text() === '1';
  }

  room(): Room {
    return { waitMs: this.number(), closedBy: this.#closedBy() };
  }

  closure(): Closure {
    return { ...this.room(), probeDue: this.flag() };
  }

  #closedBy(): ClosedBy | null {
    const text = this.text();
    return CLOSED_BY.find((word) => word === text) ?? null;
  }
}

function toNumber(text: string): number {
  const number = Number(text);
  if (text === '' || !Number.isFinite(number)) throw unexpected();
  return number;
}

function unexpected(): Error {
  return new Error('Redis answered something unexpected');
}
