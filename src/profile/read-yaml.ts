import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type CST,
  type Document,
  type Node,
} from 'yaml';
import { inexactNumber } from '../contract/exact-json.ts';
import type { LocatedMistake } from './profile-error.ts';

/** A YAML text as JSON, and where its members stand. */
export interface ReadYaml {
  value: unknown;
  /** The line of a member, or of the nearest that has one. */
  lineOf: (path: readonly PropertyKey[]) => number | null;
}

/**
 * YAML 1.2 as far as it is JSON in another form: no aliases, no tags, one value for a key. `yes` and `on` are words here.
 */
export function readYaml(text: string): ReadYaml | { mistakes: LocatedMistake[] } {
  if (isTooDeep(text)) {
    return { mistakes: [{ line: null, member: '', problem: `is nested deeper than ${MOST_LEVELS} levels` }] };
  }
  const counter = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    stringKeys: true,
    prettyErrors: false,
    lineCounter: counter,
  });
  const lineAt = (offset: number): number => counter.linePos(offset).line;
  // A warning is an unknown tag, and no tag is known here. Of syntax the first mistake alone is told: it makes the others.
  const [broken] = document.errors.filter(({ code }) => PROBLEMS[code] === undefined);
  const mistakes = document.errors
    .filter((error) => error === broken || PROBLEMS[error.code] !== undefined)
    .map(({ code, message, pos }) => ({
      line: lineAt(pos[0]),
      member: '',
      problem: PROBLEMS[code] ?? `is no YAML 1.2: ${message}${hintFor(textOfLine(text, lineAt(pos[0])))}`,
    }));
  const mistake = (node: Node, problem: string): void =>
    void mistakes.push({ line: lineAt(node.range?.[0] ?? 0), member: '', problem });
  if (document.directives?.yaml.version !== '1.2')
    mistakes.push({ line: 1, member: '', problem: 'has a %YAML directive: expected YAML 1.2, without one' });
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) mistake(node, 'has an alias (*): write the value out, each time');
      else if (node.tag !== undefined) mistake(node, 'has a tag (!): plain values only');
      else if (node.anchor !== undefined) mistake(node, 'has an anchor (&): a profile has no aliases');
      if (isScalar(node) && typeof node.value === 'number') {
        const problem = inexactNumber(node.source ?? '');
        if (problem !== null) mistake(node, problem);
      }
    },
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__') mistake(key, 'has a member __proto__, which is none');
    },
  });
  if (mistakes.length > 0) return { mistakes: mistakes.toSorted((a, b) => a.line - b.line) };
  return { value: document.toJS(), lineOf: (path) => lineOf(document, path, lineAt) };
}

/** What makes a document of the text calls itself for each level, and would end the process. */
const MOST_LEVELS = 50;

function isTooDeep(text: string): boolean {
  const open = Array.from(new Parser().parse(text), (token): { token: CST.Token; level: number } => ({
    token,
    level: 0,
  }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, level } = next;
    if (level > MOST_LEVELS) return true;
    const items = 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
    const within = token.type === 'document' ? [token.value] : items;
    open.push(
      ...within.filter((one) => one !== null && one !== undefined).map((one) => ({ token: one, level: level + 1 })),
    );
  }
  return false;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'has a key that was there before: each stands once',
  NON_STRING_KEY: 'has a key that is no text',
  MULTIPLE_DOCS: 'has a second document (---): one profile in a file',
};

const textOfLine = (text: string, line: number): string => text.split('\n')[line - 1] ?? '';

/** `{ call: GET /jobs/{id} }` ends at the first brace: the commonest slip. */
function hintFor(line: string): string {
  return /\{.*:\s*[A-Z]+ \S*\{/.test(line) ? ". Inside { } a call with {…} stands in quotes: 'GET /jobs/{id}'" : '';
}

function lineOf(document: Document, path: readonly PropertyKey[], lineAt: (offset: number) => number): number | null {
  let within: unknown = document.contents;
  let offset = isNode(within) ? within.range?.[0] : undefined;
  for (const step of path) {
    const pair = isMap(within) ? within.items.find(({ key }) => isScalar(key) && key.value === step) : undefined;
    const next: unknown = pair === undefined ? getIn(within, step) : pair.value;
    const start = pair !== undefined && isNode(pair.key) ? pair.key : next;
    if (!isNode(start)) break;
    offset = start.range?.[0] ?? offset;
    within = next;
  }
  return offset === undefined ? null : lineAt(offset);
}

function getIn(node: unknown, step: PropertyKey): unknown {
  return isNode(node) && 'items' in node && Array.isArray(node.items)
    ? (node.items as unknown[])[Number(step)]
    : undefined;
}
