import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { now } from './clock.ts';
import { type Job, statusOf } from './jobs.ts';
import type { Settings } from './settings.ts';

const TIMEOUT_MS = 10_000;

/** Tells callback URLs of finished jobs. Nobody waits for the answer, and a lost callback is not sent again. */
export class Callbacks {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #underWay = new Set<ClientRequest>();

  schedule(job: Job, url: string, settings: Pick<Settings, 'callbackCount' | 'callbackDelayMs'>): void {
    for (let nth = 1; nth <= settings.callbackCount; nth++) {
      this.#sendAt(job.finishedAt + nth * settings.callbackDelayMs, job, url);
    }
  }

  /** Drops those to come and those under way. */
  cancel(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const request of this.#underWay) request.destroy();
    this.#timers.clear();
  }

  #sendAt(dueAt: number, job: Job, url: string): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        // A timer may be early by a fraction: a callback must not come before the status says finished.
        if (now() < dueAt) this.#sendAt(dueAt, job, url);
        else this.#send(job, url);
      },
      Math.ceil(Math.max(0, dueAt - now())),
    );
    this.#timers.add(timer);
  }

  #send(job: Job, url: string): void {
    const body = JSON.stringify(statusOf(job, job.finishedAt));
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const send = /^https:/i.test(url) ? httpsRequest : httpRequest;
    const request = send(url, { method: 'POST', headers, agent: false, timeout: TIMEOUT_MS });
    this.#underWay.add(request);
    request.on('response', (response) => response.resume());
    request.on('timeout', () => request.destroy());
    request.on('error', () => {});
    request.on('close', () => this.#underWay.delete(request));
    request.end(body);
  }
}
