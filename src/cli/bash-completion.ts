import type { Command, Option } from 'commander';

/** What may follow on a command line, for one command or one option. */
interface Completions {
  /** The command, such as `cache invalidate`, with the option whose value it is. */
  after: string;
  /** A list of words; or `file`; or null: nobody but the person knows. */
  words: readonly string[] | 'file' | null;
}

/** A script for bash that completes what `commands` take: commands, options, and the values of those that are known. */
export function bashCompletion(program: string, commands: readonly Command[]): string {
  const all: Completions = {
    after: '',
    words: [...commands.map((command) => command.name()), 'help', '--help', '--version'],
  };
  const found = [all, ...commands.flatMap((command) => completionsOf(command, command.name()))];
  const values = found.filter(({ after }) => after.includes(' -'));
  const paths = found.filter(({ after }) => !after.includes(' -'));
  const known = paths.map(({ after }) => after).filter((path) => path !== '');
  const name = `_${program.replace(/\W/g, '_')}`;
  return `# ${program} completion for bash: eval "$(${program} completion bash)"
${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${command:+$command }\${COMP_WORDS[i]}" in
      ${known.map(quoted).join(' | ')}) command="\${command:+$command }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command $prev" in
${values.map(({ after, words }) => `    ${quoted(after)}) ${replies(words)}; return ;;`).join('\n')}
  esac
  case "$command" in
${paths.map(({ after, words }) => `    ${quoted(after)}) ${replies(words)} ;;`).join('\n')}
  esac
}
complete -F ${name} ${program}
`;
}

function completionsOf(command: Command, path: string): Completions[] {
  const options = command.createHelp().visibleOptions(command);
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
  const children = command.commands.map((child) => child.name());
  const words = [...children, ...choices, ...options.flatMap(flagsOf)];
  return [
    { after: path, words },
    ...options.filter(takesValue).flatMap((option) => {
      const value: Completions['words'] = option.argChoices ?? (option.flags.includes('<path>') ? 'file' : null);
      return flagsOf(option).map((flag) => ({ after: `${path} ${flag}`, words: value }));
    }),
    ...command.commands.flatMap((child) => completionsOf(child, `${path} ${child.name()}`)),
  ];
}

function flagsOf({ short, long }: Option): string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function replies(words: Completions['words']): string {
  if (words === null) return 'COMPREPLY=()';
  const wanted = words === 'file' ? '-f' : `-W ${quoted(words.join(' '))}`;
  return `COMPREPLY=($(compgen ${wanted} -- "$cur"))`;
}

/** None of our words has a quote in it. */
function quoted(text: string): string {
  return `'${text}'`;
}
