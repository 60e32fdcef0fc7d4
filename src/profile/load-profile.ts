import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nearest } from '../contract/nearest.ts';
import { whyUnreadable } from '../contract/unreadable-file.ts';
import { parseProfile } from './parse-profile.ts';
import { ProfileError, type LocatedMistake } from './profile-error.ts';
import { readYaml } from './read-yaml.ts';
import type { Profile } from './schema.ts';

const SHIPPED = new URL('./profiles/', import.meta.url);
const ENDING = '.yaml';
const MOST_BYTES = 256 * 1024;

/** The names of the profiles that come with the package. */
export function shippedProfiles(): string[] {
  const files = readdirSync(SHIPPED).filter((name) => name.endsWith(ENDING));
  return files.map((name) => name.slice(0, -ENDING.length)).toSorted();
}

/**
 * A profile by the name of a shipped one, or by the path of a file: what has a / or ends in .yaml or .yml.
 *
 * @throws ProfileError with every mistake at once
 */
export function loadProfile(nameOrPath: string): Profile {
  const file = fileOf(nameOrPath);
  return profileOf(readText(file, nameOrPath), nameOrPath);
}

/** @param file what it is called in messages */
export function profileOf(text: string, file: string): Profile {
  const yaml = readYaml(text);
  if ('mistakes' in yaml) throw new ProfileError(file, yaml.mistakes);
  const parsed = parseProfile(yaml.value);
  if ('profile' in parsed) return parsed.profile;
  const mistakes = parsed.mistakes.map(({ path, problem }): LocatedMistake => ({
    line: yaml.lineOf(path),
    member: path.map(String).join('.'),
    problem,
  }));
  throw new ProfileError(
    file,
    mistakes.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  );
}

function fileOf(nameOrPath: string): string | URL {
  if (/[/\\]|\.ya?ml$/.test(nameOrPath)) return nameOrPath;
  const shipped = shippedProfiles();
  if (shipped.includes(nameOrPath)) return new URL(nameOrPath + ENDING, SHIPPED);
  const meant = nearest(nameOrPath, shipped);
  const hint = meant === null ? `there are ${shipped.join(', ')}` : `did you mean ${meant}`;
  throw whole(
    nameOrPath,
    `is not the name of a shipped profile (${hint}), and no path: write ./${nameOrPath} for a file`,
  );
}

function readText(file: string | URL, name: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw whole(name, `cannot be read: ${whyUnreadable(error)}`);
  }
  if (bytes.length > MOST_BYTES) throw whole(name, `has ${bytes.length} bytes: expected at most ${MOST_BYTES}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw whole(name, 'is not UTF-8 text');
  }
}

function whole(file: string, problem: string): ProfileError {
  return new ProfileError(file, [{ line: null, member: '', problem }]);
}

/** The path of a shipped profile, for whoever wants to begin with it. */
export function pathOfShipped(name: string): string {
  return fileURLToPath(new URL(name + ENDING, SHIPPED));
}
