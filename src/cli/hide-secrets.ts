/** Nobody reads on; and of what is nested in thousands of levels, no JSON can be written. */
const MOST_LEVELS = 100;

/** So many of its first characters find a secret: a pattern of all of a long token is more than an engine takes. */
const FIRST = 64;

/** Puts the names of secrets into the place of their values, however a text has those written. */
export class SecretHider {
  /** The longest first, because one may stand in another. */
  #known: { characters: readonly string[]; name: string }[] = [];
  #pattern = /(?!)/g;

  /** From now on `name` stands for `secret`. The first name of a secret stays. */
  add(secret: string, name: string): void {
    const forms = [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')].map((form) => Array.from(form));
    const isNew = (form: readonly string[]): boolean =>
      form.join('').trim() !== '' && this.#known.every(({ characters }) => characters.join('') !== form.join(''));
    const added = forms.filter(isNew).map((characters) => ({ characters, name }));
    if (added.length === 0) return;
    this.#known = [...this.#known, ...added].toSorted((a, b) => b.characters.length - a.characters.length);
    const patterns = this.#known.map(({ characters }) => `(${characters.slice(0, FIRST).map(asWritten).join('')})`);
    this.#pattern = new RegExp(patterns.join('|'), 'g');
  }

  text(text: string): string {
    let [shown, end] = ['', 0];
    this.#pattern.lastIndex = 0;
    for (let found = this.#pattern.exec(text); found !== null; found = this.#pattern.exec(text)) {
      const [, ...groups] = found;
      const secret = this.#known[groups.findIndex((group) => group !== undefined)];
      shown += text.slice(end, found.index) + (secret?.name ?? '');
      // A part of a secret is hidden as far as it goes.
      this.#pattern.lastIndex = end = endOf(secret?.characters.slice(FIRST) ?? [], text, this.#pattern.lastIndex);
    }
    return shown + text.slice(end);
  }

  /** Every text in it, and every name of a member. What is nested too deep is left out. */
  json(value: unknown, levels = MOST_LEVELS): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'object' && value !== null) {
      if (levels === 0) return '…';
      if (Array.isArray(value)) return value.map((one) => this.json(one, levels - 1));
      const members = Object.entries(value);
      return Object.fromEntries(members.map(([name, one]) => [this.text(name), this.json(one, levels - 1)]));
    }
    const hidden = this.text(String(value));
    return hidden === String(value) ? value : hidden;
  }
}

/** Where in the text the characters end that stand there from `start` on. */
function endOf(characters: readonly string[], text: string, start: number): number {
  let end = start;
  for (const character of characters) {
    const pattern = new RegExp(asWritten(character), 'y');
    pattern.lastIndex = end;
    if (!pattern.test(text)) break;
    end = pattern.lastIndex;
  }
  return end;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };
/** In a pattern: one backslash, or more where JSON stands in JSON. */
const BACKSLASHES = '\\\\+';

/** The pattern of a character as it is, or as JSON, a URL, a form or HTML may have it. */
function asWritten(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const units = Array.from({ length: character.length }, (_, n) => `${BACKSLASHES}u${hex(character.charCodeAt(n), 4)}`);
  const octets = Array.from(Buffer.from(character), (octet) => `%${hex(octet, 2)}`);
  const itself = character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  const entity = ENTITIES[character];
  const forms = [
    ...(entity === undefined ? [] : [`&${entity};`]),
    `&#(?:0*${code}|[xX]0*${hex(code, 1)});`,
    units.join(''),
    octets.join(''),
    ...(/["/\\]/.test(character) ? [BACKSLASHES + itself] : []),
    ...(character === ' ' ? ['\\+'] : []),
    itself,
  ];
  return `(?:${forms.join('|')})`;
}

/** Digits in any case. */
function hex(code: number, length: number): string {
  const digits = code.toString(16).padStart(length, '0');
  return digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** Control characters and invisible ones, which could steer a terminal or deceive a reader, are shown. */
export function visible(text: string): string {
  const shown = (character: string): string => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`;
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, shown);
}
