/** What Temporal knows of a workflow to list it by. Null: not set. */
export type Attributes = Readonly<Record<string, string | null>>;

type Matches = (attributes: Attributes) => boolean;

const TOKEN = /\s*(?:'([^']*)'|(\(|\)|,|=|!=|<=|>=|<|>)|([A-Za-z_]\w*))/gy;

const COMPARISONS: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/**
 * The part of Temporal's list filters (https://docs.temporal.io/list-filter) that our client uses: comparisons of an
 * attribute with a text, `IN`, `IS NULL`, `AND`, `OR` and brackets.
 * @throws Error for anything else
 */
export function visibilityQuery(query: string): Matches {
  const tokens = Array.from(query.matchAll(TOKEN), ([, text, sign, word]) => ({
    text,
    word: word ?? sign ?? '',
  }));
  let at = 0;
  const next = () => tokens[at++] ?? { text: undefined, word: 'the end' };
  const takes = (...words: string[]): boolean => {
    const fits = words.every(
      (word, n) => tokens[at + n]?.text === undefined && tokens[at + n]?.word.toUpperCase() === word,
    );
    if (fits) at += words.length;
    return fits;
  };
  const expect = (word: string): void => {
    if (!takes(word)) throw new Error(`The fake Temporal server does not understand ${query}: it expected ${word}`);
  };
  const text = (): string => {
    const { text: value, word } = next();
    if (value === undefined)
      throw new Error(`The fake Temporal server does not understand ${query}: ${word} is no text`);
    return value;
  };

  function any(): Matches {
    const one = all();
    if (!takes('OR')) return one;
    const others = any();
    return (attributes) => one(attributes) || others(attributes);
  }
  function all(): Matches {
    const one = condition();
    if (!takes('AND')) return one;
    const others = all();
    return (attributes) => one(attributes) && others(attributes);
  }
  function condition(): Matches {
    if (takes('(')) {
      const inner = any();
      expect(')');
      return inner;
    }
    const { word: name } = next();
    if (takes('IS', 'NULL')) return (attributes) => (attributes[name] ?? null) === null;
    if (takes('IS', 'NOT', 'NULL')) return (attributes) => (attributes[name] ?? null) !== null;
    if (takes('IN')) {
      expect('(');
      const words = [text()];
      while (takes(',')) words.push(text());
      expect(')');
      return (attributes) => words.includes(attributes[name] ?? '');
    }
    const { word: sign } = next();
    const compare = COMPARISONS[sign];
    if (!compare) throw new Error(`The fake Temporal server does not understand ${query}: ${sign}`);
    const value = text();
    return (attributes) => (attributes[name] ?? null) !== null && compare(attributes[name] ?? '', value);
  }

  const matches = any();
  if (at < tokens.length) throw new Error(`The fake Temporal server does not understand the end of ${query}`);
  return matches;
}
