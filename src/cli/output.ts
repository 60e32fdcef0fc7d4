import { Option } from 'commander';

export interface OutputOptions {
  json?: boolean;
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document, as is done anyway when stdout is not a terminal');
}

/** Prints what a command found: `document` for programs, `text` for a person at a terminal; null: it was printed. */
export function print(document: unknown, text: string | null, options: OutputOptions): void {
  if (isForPrograms(options)) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else if (text !== null) process.stdout.write(`${printable(text)}\n`);
}

/** Prints a part of what a command found, for a person at a terminal, as soon as it is known. */
export function printLine(text: string, options: OutputOptions): void {
  if (!isForPrograms(options)) process.stdout.write(`${printable(text)}\n`);
}

function isForPrograms({ json = false }: OutputOptions): boolean {
  return json || !process.stdout.isTTY;
}

/** A message to a person. Never on stdout, which may be read by a program. */
export function tell(message: string): void {
  process.stderr.write(`${printable(message)}\n`);
}

/** What others wrote must not steer the terminal: control characters are shown, not sent. */
function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
