/** Where nobody says how wide it is. */
const USUAL_WIDTH = 80;

/** Columns of a terminal: some, such as a serial line, say 0. */
export function widthOf({ columns }: { columns?: number }): number {
  return Math.max(columns || USUAL_WIDTH, 40);
}

/**
 * Breaks the lines of a text that are longer than `width`, at blanks. A command between backticks is not broken where it fits
 * into a line: whoever copies it gets all of it.
 * @param hanging what the lines that follow a broken one begin with, besides the blanks that it began with itself
 */
export function wrap(text: string, width: number, hanging = ''): string {
  return text
    .split('\n')
    .map((line) => (line.length <= width ? line : wrapLine(line, width, hanging)))
    .join('\n');
}

function wrapLine(line: string, width: number, hanging: string): string {
  const [indent = ''] = /^ */.exec(line) ?? [];
  const next = indent + hanging;
  const lines: string[] = [];
  let current = '';
  for (const { gap, word } of wordsOf(line, width - next.length)) {
    if (current === '' || current.length + gap.length + word.length <= width) current += gap + word;
    else {
      lines.push(current);
      current = next + word;
    }
  }
  return [...lines, current].join('\n');
}

/** Words, and commands between backticks, with what sticks to them, that are no longer than `width`; and what is before each. */
function wordsOf(line: string, width: number): { gap: string; word: string }[] {
  const words = Array.from(line.matchAll(/( *)((?:`[^`]*`|[^ `]|`)+)/g), ([, gap = '', word = '']) => ({ gap, word }));
  return words.flatMap(({ gap, word }) =>
    word.length <= width
      ? [{ gap, word }]
      : word.split(' ').map((part, n) => ({ gap: n === 0 ? gap : ' ', word: part })),
  );
}
