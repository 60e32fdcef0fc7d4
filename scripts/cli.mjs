import './lib/node-version.mjs';
import { existsSync } from 'node:fs';

/** The command line of a checkout. */
const MAIN = new URL('../dist/cli/main.js', import.meta.url);

if (existsSync(MAIN)) await import(MAIN.href);
else {
  console.error(
    'error: this checkout is not built yet. Run `npm run build` once, or `npm start`, which builds it too.',
  );
  process.exit(1);
}
