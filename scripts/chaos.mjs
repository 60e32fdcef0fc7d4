import './lib/node-version.mjs';

// Loaded only now: an old Node.js could not even read it.
const { runProgram } = await import('./lib/run-program.mjs');
process.exit(await runProgram('lab', process.argv.slice(2)));
