import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

const AS_MODULE = "with { 'resolution-mode': 'import' }";

/**
 * Writes `x.cjs` and `x.d.cts` beside the module `x.js`, for callers that are CommonJS. Both modules are one, so there are no
 * two copies of a class. The types are made name by name, because under `module: node16` the compiler lets CommonJS take
 * only types of a module.
 *
 * @param {string} modulePath
 */
export async function writeCommonJsEntry(modulePath) {
  const values = Object.entries(await import(pathToFileURL(modulePath).href));
  const module = `./${basename(modulePath)}`;
  const isClass = (value) => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
  const lines = [
    `import type * as esm from '${module}' ${AS_MODULE};`,
    `export type * from '${module}' ${AS_MODULE};`,
    ...values.flatMap(([name, value]) => [
      `export declare const ${name}: typeof esm.${name};`,
      ...(isClass(value) ? [`export type ${name} = esm.${name};`] : []),
    ]),
  ];
  writeFileSync(modulePath.replace(/\.js$/, '.d.cts'), `${lines.join('\n')}\n`);
  // Node.js >= 20.19 takes a module by `require`, and warns of it only outside of node_modules.
  writeFileSync(modulePath.replace(/\.js$/, '.cjs'), `module.exports = require('${module}');\n`);
}
