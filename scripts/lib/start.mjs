import { setTimeout as delay } from 'node:timers/promises';
import { ensureTemporalBinary } from '../temporal-server.mjs';
import { emptyTemporalConfig, gatewayKey, openDataFolder } from './data-folder.mjs';
import { demoEnvironment } from './demo-environment.mjs';
import { reserveDemoPorts } from './demo-ports.mjs';
import { createDemoProcesses } from './demo-processes.mjs';
import { runDemoRequest } from './demo-request.mjs';
import { linksText, providerLinksText } from './links.mjs';
import { DATA_FOLDER, ROOT } from './paths.mjs';
import { prepare } from './prepare.mjs';
import { killAll } from './process-registry.mjs';
import { createProgress } from './progress.mjs';
import { checkRealProvider, readRealProvider } from './real-provider.mjs';
import { HELP, parseStartOptions } from './start-options.mjs';
import { StopRequest, stopRequested } from './stop-signals.mjs';

/** `npm start`. @returns {Promise<number>} the exit code */
export async function main(args) {
  let options;
  try {
    options = parseStartOptions(args);
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }

  process.stdout.on('error', () => {}); // The terminal may go before we do.
  const progress = createProgress();
  const cleanUps = [];
  const demo = { isUp: false };
  let exitCode = 0;
  const stop = stopRequested();
  const run = runDemo({ options, progress, cleanUps, demo });
  try {
    await Promise.race([run, stop]);
    if (!options.once) await Promise.race([demo.death, stop]);
  } catch (error) {
    // Ctrl-C is how a demo that is up is meant to end.
    if (error instanceof StopRequest) exitCode = demo.isUp ? 0 : error.exitCode;
    else exitCode = error.exitCode ?? 1;
    progress.say(`\n${error.message}`);
  }
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  killAll();
  // What was under way fails now that its processes are gone, and puts its own things in order.
  await Promise.race([run.catch(() => {}), delay(2_000)]);
  return exitCode;
}

async function runDemo({ options, progress, cleanUps, demo }) {
  const { say } = progress;
  const real = options.provider === null ? null : readRealProvider(options, { env: process.env, say });
  await prepare(progress, { build: true });
  const ownTemporal = !process.env.TEMPORAL_ADDRESS;
  const provider = real && (await checkRealProvider(real, { env: process.env, ownTemporal, say }));
  const temporalBinary = ownTemporal ? await ensureTemporalBinary({ progress }) : null;

  const data = openDataFolder(DATA_FOLDER, say);
  cleanUps.push(data.release);
  const absent = [...(ownTemporal ? [] : ['temporal', 'temporalUi']), ...(real === null ? [] : ['fakeProvider'])];
  const { ports, release } = await reserveDemoPorts({ portBase: options.portBase, absent, say });
  cleanUps.push(release);
  const { key, sha256 } = gatewayKey(data.path);
  const temporalConfigFile = ownTemporal ? emptyTemporalConfig(data.path) : null;
  const env = demoEnvironment(process.env, { ports, keySha256: sha256, temporalConfigFile, real });

  const folder = real?.folder ?? ROOT;
  const processes = createDemoProcesses({ progress, ports, env, dataFolder: data.path, temporalBinary, folder });
  cleanUps.push(processes.stop);
  await processes.start();

  const links = { ports, key, dataFolder: data.path, env, ownTemporal };
  let text;
  // A request to a real provider is work that is done, and paid for: that is the user's to start.
  if (provider !== null) text = providerLinksText({ ...links, provider });
  else {
    const gatewayUrl = `http://127.0.0.1:${ports.gateway}`;
    say('\nOne asynchronous request through the gateway');
    const requestId = await Promise.race([runDemoRequest({ gatewayUrl, key, say }), processes.death]);
    text = linksText({ ...links, requestId, stays: !options.once });
  }
  demo.death = processes.death;
  demo.isUp = true;
  say(text);
}
