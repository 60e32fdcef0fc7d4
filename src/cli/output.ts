import { Option } from 'commander';
import { widthOf, wrap } from './wrap.ts';

export interface OutputOptions {
  json?: boolean;
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document, as is done anyway when stdout is not a terminal');
}

/** What a person reads: a sentence or more, which is broken into lines, or what fits itself to a width in columns. */
export type Text = string | ((width: number) => string);

/** Prints what a command found: `document` for programs, `text` for a person at a terminal; null: it was printed. */
export function print(document: unknown, text: Text | null, options: OutputOptions): void {
  if (isForPrograms(options)) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else if (text !== null) write(text);
}

/** Prints a part of what a command found, for a person at a terminal, as soon as it is known. */
export function printLine(text: Text, options: OutputOptions): void {
  if (!isForPrograms(options)) write(text);
}

function write(text: Text): void {
  const width = widthOf(process.stdout);
  process.stdout.write(`${printable(typeof text === 'string' ? wrap(text, width, HANGING) : text(width))}\n`);
}

/** Before what goes on from the line above. */
const HANGING = '  ';

function isForPrograms({ json = false }: OutputOptions): boolean {
  return json || !process.stdout.isTTY;
}

/** A message to a person. Never on stdout, which may be read by a program. */
export function tell(message: string): void {
  const text = process.stderr.isTTY ? wrap(message, widthOf(process.stderr), HANGING) : message;
  process.stderr.write(`${printable(text)}\n`);
}

/** What others wrote must not steer the terminal: control characters are shown, not sent. */
function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
