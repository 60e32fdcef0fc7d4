import type { VariablesOfProcess } from '../config/required-variables.ts';
import { wrap, widthOf } from './wrap.ts';

/** Columns before what a variable must be. */
const INDENT = ' '.repeat(6);

/** The part of a help that says what the environment must have. */
export function variablesHelp({ required, optional }: VariablesOfProcess): string {
  const width = widthOf(process.stdout);
  const rows = required.flatMap(({ name, expected, mayBeFile }) => [
    `  ${name}${mayBeFile ? `, or ${name}_FILE` : ''}`,
    wrap(INDENT + expected, width),
  ]);
  return [
    '',
    'Required variables:',
    ...rows,
    '',
    'Optional variables (docs/configuration.md has all, with TEMPORAL_*):',
    wrap(`  ${optional.join(' ')}`, width),
  ].join('\n');
}
