import { Option } from 'commander';

export interface OutputOptions {
  json?: boolean;
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document, as is done anyway when stdout is not a terminal');
}

/** Prints what a command found: `document` for programs, `text` for a person at a terminal. */
export function print(document: unknown, text: string, { json = false }: OutputOptions): void {
  const forPrograms = json || !process.stdout.isTTY;
  process.stdout.write(`${forPrograms ? JSON.stringify(document, null, 2) : printable(text)}\n`);
}

/** A message to a person. Never on stdout, which may be read by a program. */
export function tell(message: string): void {
  process.stderr.write(`${printable(message)}\n`);
}

/** What others wrote must not steer the terminal: control characters are shown, not sent. */
function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
