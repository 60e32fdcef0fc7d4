import { DEMO_INPUT } from './demo-request.mjs';

const UNTIL = '\n\nCtrl-C stops everything.';

/** What to look at and to try once the demo is up. */
export function linksText({ requestId, stays, ...demo }) {
  const id = `external-api/${requestId}`;
  const look = lookText({
    ...demo,
    what: 'This request',
    path: `/${encodeURIComponent(id)}`,
    inWords: `workflow ${id}`,
  });
  if (!stays) return look;
  return `${look}

Try it
  ${curl(demo, DEMO_INPUT)}
  ${shell(demo, {})} npm run cli -- why ${requestId}${UNTIL}`;
}

/** The same with a provider of the user's, who has what it takes for data. */
export function providerLinksText({ provider: { name, baseUrl, sample }, ...demo }) {
  const { EXTERNAL_API_PROVIDER } = demo.env;
  const data = quoted(JSON.stringify(sample));
  return `${lookText({ ...demo, what: 'Requests', path: '', inWords: 'its workflows' })}

Try it, with data of your own: these call ${name} at ${baseUrl}
  ${curl(demo, { data: sample, options: { async: true } })}
  ${shell(demo, { EXTERNAL_API_PROVIDER })} npm run cli -- process --data ${data} --async --wait${UNTIL}`;
}

function lookText({ ports, dataFolder, env, ownTemporal, what, path, inWords }) {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = env;
  const workflows = ownTemporal
    ? `http://localhost:${ports.temporalUi}/namespaces/default/workflows${path}`
    : `the Web UI of ${address}, namespace ${namespace || 'default'}, ${inWords}`;
  return `
Look at it
  ${what.padEnd(12)}   ${workflows}
  Gateway        ${gatewayUrl(ports)}/docs
  Metrics        http://localhost:${ports.metrics}/metrics
  Logs, data     ${dataFolder}`;
}

const gatewayUrl = (ports) => `http://localhost:${ports.gateway}`;

function curl({ ports, key }, input) {
  return `curl -s ${gatewayUrl(ports)}/api/external/process -H 'Authorization: Bearer ${key}' \\
    -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(input))}`;
}

/** What a shell must have set for our command line. */
function shell({ ports, env }, more) {
  const set = {
    TEMPORAL_ADDRESS: env.TEMPORAL_ADDRESS,
    EXTERNAL_API_WORKER_URL: `http://localhost:${ports.metrics}`,
    ...more,
  };
  return Object.entries(set)
    .map(([name, value]) => `${name}=${/^[\w./:-]+$/.test(value) ? value : quoted(value)}`)
    .join(' ');
}

/** For a POSIX shell. */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
