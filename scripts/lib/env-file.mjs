import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { SettingsError } from './settings-error.mjs';

const UNREADABLE = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'no permission to read it',
};
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)$/;

/**
 * The variables of a file of `NAME=value` lines, as `node --env-file` reads it.
 *
 * @param {string} path
 * @returns {{ variables: Record<string, string>, warning: string | null }}
 * @throws {SettingsError} that names every line which cannot be read, and never a value
 */
export function readEnvFile(path) {
  const text = readText(path).replace(/^\uFEFF/, '');
  const mistakes = mistakesIn(text.split(/\r?\n/));
  if (mistakes.length > 0) {
    throw new SettingsError(
      [
        `${path} cannot be read as an env file:`,
        ...mistakes.map(({ line, problem }) => `  ${path}:${line} ${problem}`),
      ].join('\n'),
    );
  }
  const stat = statSync(path);
  const isOpen = stat.isFile() && (stat.mode & 0o044) !== 0;
  const warning = isOpen ? `Others on this machine can read ${path}: chmod 600 ${path}` : null;
  return { variables: { ...parseEnv(text) }, warning };
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SettingsError(`--env-file ${path} cannot be read: ${UNREADABLE[error.code] ?? error.code}.`);
  }
}

/** Node.js passes over a line that it does not understand, often with all that follow, and ends a value at any `#`. */
function mistakesIn(lines) {
  const mistakes = [];
  for (let n = 0; n < lines.length; n += 1) {
    if (/^\s*(#|$)/.test(lines[n])) continue;
    const line = n + 1;
    const [, name, value] = ASSIGNMENT.exec(lines[n]) ?? [];
    if (name === undefined) {
      mistakes.push({ line, problem: 'expected NAME=value, or # and a comment' });
      continue;
    }
    const [, quote, more] = /^\s*(["'`])(.*)$/.exec(value) ?? [];
    if (quote !== undefined) {
      const end = more.includes(quote) ? n : lines.findIndex((each, index) => index > n && each.includes(quote));
      if (end === -1) {
        mistakes.push({ line, problem: `${name}: the quote at its beginning is closed nowhere` });
        break;
      }
      n = end;
    } else if (/^[^\s#]*#|^(?:[^#]*[^\s#])#/.test(value)) {
      mistakes.push({
        line,
        problem: `${name}: its value would end before the #. Put it in quotes, or a blank before a comment`,
      });
    }
  }
  return mistakes;
}
