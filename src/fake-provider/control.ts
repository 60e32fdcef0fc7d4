import type { IncomingMessage } from 'node:http';
import { type Answer, json, problem } from './answer.ts';
import { InvalidInput } from './checks.ts';
import { readBody } from './exchange.ts';
import { parseScriptedFaults } from './faults.ts';
import { parseSettings } from './settings.ts';
import type { State } from './state.ts';

export const CONTROL_PREFIX = '/_control/';

/** Bodies and answers are the in-process types as JSON. */
type ControlRoute = (state: State, query: URLSearchParams, body: unknown) => unknown;

const ROUTES: Readonly<Record<string, ControlRoute>> = {
  'GET /_control/health': () => ({ status: 'ok' }),
  'GET /_control/ledger': ({ ledger }, query) => {
    const key = query.get('idempotency_key');
    return { entries: key === null ? ledger.entries : ledger.entries.filter((entry) => entry.idempotencyKey === key) };
  },
  'POST /_control/faults': ({ faults }, _query, body) => {
    const scripted = parseScriptedFaults(body);
    faults.add(scripted);
    return { scripted: scripted.length };
  },
  'DELETE /_control/faults': ({ faults }) => {
    faults.clear();
    return {};
  },
  'POST /_control/settings': ({ settings }, _query, body) => Object.assign(settings, parseSettings(body)),
  'POST /_control/revoke-tokens': ({ tokens }) => {
    tokens.revokeAll();
    return {};
  },
  'POST /_control/reset': (state) => {
    state.reset();
    return {};
  },
};

/** The operator's side of the simulator: not rate limited, not authenticated, not in the ledger. */
export async function answerControl(state: State, req: IncomingMessage, path: string, query: string): Promise<Answer> {
  const route = ROUTES[`${req.method} ${path}`];
  if (!route) return problem(404, `no such control route; there are: ${Object.keys(ROUTES).join(', ')}`);
  const text = (await readBody(req)).toString();
  try {
    return json(200, route(state, new URLSearchParams(query), text === '' ? undefined : JSON.parse(text)));
  } catch (error) {
    if (error instanceof InvalidInput) return problem(400, error.message);
    if (error instanceof SyntaxError) return problem(400, `the body is not JSON: ${error.message}`);
    throw error;
  }
}
