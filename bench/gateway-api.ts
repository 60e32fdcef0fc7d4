import { workOf } from './work.ts';

interface Status {
  status: string;
  completed_at: string | null;
}

interface Asked {
  method?: 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

export type GatewayApi = ReturnType<typeof gatewayApi>;

/** What a section asks of the gateway by itself, besides what it measures. */
export function gatewayApi(origin: string, headers: Readonly<Record<string, string>>) {
  const submit = {
    method: 'POST',
    paths: ['/api/external/process'],
    body: JSON.stringify({ data: workOf('{n}'), options: { async: true } }),
  } as const;
  const statusPath = (id: string): string => `/api/external/status/${id}`;
  let started = 0;

  async function ask<Answer>(path: string, init: Asked = {}): Promise<Answer> {
    const response = await send(path, init);
    return (await response.json()) as Answer;
  }

  async function send(path: string, init: Asked): Promise<Response> {
    const type = { 'content-type': 'application/json' };
    const response = await fetch(origin + path, { ...init, headers: { ...headers, ...type, ...init.headers } });
    if (response.status >= 400) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response;
  }

  async function until(id: string, reached: (status: Status) => boolean): Promise<Status> {
    let seen = '';
    for (;;) {
      const response = await send(`${statusPath(id)}?wait=10`, { headers: { 'if-none-match': seen } });
      seen = response.headers.get('etag') ?? '';
      const status = response.status === 304 ? null : ((await response.json()) as Status);
      if (status !== null && reached(status)) return status;
    }
  }

  return {
    submit,
    statusPath,
    /** One that the provider takes with an id. */
    async start(callbackUrl?: string): Promise<string> {
      const options = { async: true, ...(callbackUrl !== undefined && { callback_url: callbackUrl }) };
      const body = JSON.stringify({ data: workOf(`own ${started++}`), options });
      return (await ask<{ request_id: string }>(submit.paths[0], { method: 'POST', body })).request_id;
    },
    /** The provider has it. */
    submitted: (id: string) => until(id, ({ status }) => status === 'processing' || status === 'completed'),
    end: (id: string) => until(id, ({ completed_at: at }) => at !== null),
    /** The latest, at most so many. */
    async list(most: number): Promise<string[]> {
      const ids: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null && ids.length < most) {
        const query: string = `limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
        const page: { requests: { request_id: string }[]; next_cursor: string | null } = await ask(
          `/api/external/requests?${query}`,
        );
        ids.push(...page.requests.map(({ request_id: id }) => id));
        cursor = page.next_cursor;
      }
      return ids;
    },
  };
}
