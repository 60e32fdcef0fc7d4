import { ExternalApiClient, type ProcessOptions, type RequestHandle } from '../../src/client/index.ts';
import type { RequestStatus } from '../../src/contract/values.ts';
import { startStack, type Stack } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

export interface LogLine extends Record<string, unknown> {
  level: string;
  event?: string;
}

/** Whole lines only. */
export function parseLog(output: string): LogLine[] {
  return output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}

/** A worker process with all that it wrote since it was ready, at level info. */
export class LoggedStack implements AsyncDisposable {
  readonly stack: Stack;
  readonly client: ExternalApiClient;
  #output = '';

  static async start(): Promise<LoggedStack> {
    return new LoggedStack(
      await startStack({
        workerEnv: {
          LOG_LEVEL: 'info',
          EXTERNAL_API_RETRY_DELAY: '0.02',
          EXTERNAL_API_POLL_INITIAL: '0.05',
          EXTERNAL_API_CACHE_TTL: '300',
          EXTERNAL_API_FALLBACK: 'cache',
        },
        fakeProvider: { settings: { jobDurationMs: 0 } },
      }),
    );
  }

  private constructor(stack: Stack) {
    this.stack = stack;
    this.client = new ExternalApiClient(stack.temporal.client);
    stack.worker.child.stdout?.on('data', (text: string) => (this.#output += text));
  }

  lines(): LogLine[] {
    return parseLog(this.#output);
  }

  async request(data: number, options: ProcessOptions & { async?: boolean } = {}): Promise<RequestHandle> {
    const { async = false, ...others } = options;
    return await this.client.process({ data, options: { async } }, { cache: 'off', ...others });
  }

  async until(handle: RequestHandle, status: RequestStatus): Promise<void> {
    await waitUntil(`it is ${status}`, async () => (await handle.status()).status === status);
  }

  /** All lines about a request that ends, but those of its calls. */
  async told(handle: RequestHandle): Promise<LogLine[]> {
    await handle.result().catch(() => {});
    await this.#ended(handle);
    // Whatever else is told of an end is told with it: before the end of a request that began after it.
    const next = await this.request(2);
    await next.result();
    await this.#ended(next);
    return this.#about(handle.requestId);
  }

  async #ended({ requestId }: RequestHandle): Promise<void> {
    const isEnd = ({ event }: LogLine): boolean => event === 'external_api_request_ended';
    await waitUntil('its end is told', () => this.#about(requestId).some(isEnd));
  }

  #about(requestId: string): LogLine[] {
    const isAbout = (line: LogLine): boolean => JSON.stringify(line).includes(requestId);
    return this.lines().filter((line) => line.event !== 'external_api_request' && isAbout(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack[Symbol.asyncDispose]();
  }
}
