import { DEMO_INPUT } from './demo-request.mjs';

/** What to look at and to try once the demo is up. */
export function linksText({ ports, requestId, key, dataFolder, env, ownTemporal, stays }) {
  const gateway = `http://localhost:${ports.gateway}`;
  const workflowId = `external-api/${requestId}`;
  const address = env.TEMPORAL_ADDRESS;
  const workflow = ownTemporal
    ? `http://localhost:${ports.temporalUi}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`
    : `the Web UI of ${address}, namespace ${env.TEMPORAL_NAMESPACE || 'default'}, workflow ${workflowId}`;
  const lines = `
Look at it
  This request   ${workflow}
  Gateway        ${gateway}/docs
  Metrics        http://localhost:${ports.metrics}/metrics
  Logs, data     ${dataFolder}`;
  if (!stays) return lines;
  return `${lines}

Try it
  curl -s ${gateway}/api/external/process -H 'Authorization: Bearer ${key}' \\
    -H 'Content-Type: application/json' -d '${JSON.stringify(DEMO_INPUT)}'
  TEMPORAL_ADDRESS=${address} EXTERNAL_API_WORKER_URL=http://localhost:${ports.metrics} npm run cli -- why ${requestId}

Ctrl-C stops everything.`;
}
