import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { waitUntil } from '../helpers/wait-until.ts';
import { CLI } from '../helpers/stack.ts';

export interface CliOptions {
  env?: Readonly<Record<string, string>>;
  stdin?: string | Uint8Array;
  /** Whether stdout and stderr pass for a terminal. */
  terminal?: boolean;
  /** Where it runs. */
  cwd?: string;
  /** Of the terminal. Default: more than any line has. */
  columns?: number;
}

export interface CliResult {
  /** 128 and the signal's number when a signal ended it, as a shell tells it. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunningCli {
  /** Resolves when the command has written `pattern` to stderr. */
  said(pattern: RegExp): Promise<void>;
  interrupt(): void;
  /** As `| head` does when it has enough. */
  closeStdout(): void;
  readonly result: Promise<CliResult>;
}

function pretendTerminal(columns: number): string {
  const terminal = JSON.stringify({ isTTY: true, columns });
  return `data:text/javascript,for(const it of [process.stdout,process.stderr])Object.assign(it,${terminal})`;
}

/** Runs the compiled command to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return await startCli(args, options).result;
}

export function startCli(
  args: readonly string[],
  { env, stdin, terminal, columns = 1000, cwd }: CliOptions = {},
): RunningCli {
  const child = spawn(process.execPath, [...(terminal ? ['--import', pretendTerminal(columns)] : []), CLI, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'pipe',
    ...(cwd !== undefined && { cwd }),
  });
  child.stdin.on('error', () => {}); // A command that reads no input may be gone already.
  child.stdin.end(stdin ?? '');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const ended = once(child, 'close') as Promise<[number | null]>;
  const stdout = readable(child.stdout);
  return {
    async said(pattern) {
      await waitUntil(`the command says ${pattern}, not: ${stderr}`, () => pattern.test(stderr));
    },
    interrupt: () => void child.kill('SIGINT'),
    closeStdout: () => void child.stdout.destroy(),
    result: ended.then(async ([code]) => ({ code: code ?? 128, stdout: await stdout, stderr })),
  };
}

async function readable(stream: Readable): Promise<string> {
  return await text(stream).catch(() => '');
}
