import './lib/node-version.mjs';

// Loaded only now: an old Node.js could not even read it.
const { main } = await import('../test/chaos/main.mjs');
process.exit(await main(process.argv.slice(2)));
