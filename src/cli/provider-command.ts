import { Argument, Command } from 'commander';
import { CannotBuildError } from '../profile/cannot-build-error.ts';
import { variablesOf } from '../profile/credentials.ts';
import { profileJsonSchema } from '../profile/json-schema.ts';
import { BUILT_IN_PROVIDER } from '../contract/names.ts';
import { loadProfile, pathOfShipped, shippedProfiles } from '../profile/load-profile.ts';
import type { Profile } from '../profile/schema.ts';
import { STEPS, type Step } from '../profile/sources.ts';
import { wholeNumber } from './arguments.ts';
import { callsOf, SAMPLE_BASE_URL, SAMPLE_REQUEST_ID, sampleData, type ShownCall } from './check-profile.ts';
import { UsageError } from './exit.ts';
import { sanitize } from '../provider/error-detail.ts';
import { jsonOption, print, type OutputOptions } from './output.ts';
import { parseBaseUrl, parseHeader, parseReply } from './provider-arguments.ts';
import { checkText, profilesText } from './provider-text.ts';
import { tryCommand } from './provider-try-command.ts';
import { readRecorded, type ShownReading } from './read-recorded.ts';
import { readData, readTextFile } from './request-data.ts';

/** `external-api provider`: providers as data. */
export function providerCommand(): Command {
  return new Command('provider')
    .description(
      'Profiles of providers: YAML files that say what is sent, and how replies are read (docs/providers.md).',
    )
    .addCommand(listCommand())
    .addCommand(checkCommand())
    .addCommand(tryCommand())
    .addCommand(schemaCommand());
}

function listCommand(): Command {
  return new Command('list')
    .summary('list the profiles that come with the package')
    .description('List the profiles that come with the package.')
    .addOption(jsonOption())
    .action((options: OutputOptions) => {
      const profiles = shippedProfiles().map((name) => describeProfile(loadProfile(name)));
      print({ profiles }, (width) => profilesText(profiles, width), options);
    });
}

/** A shipped profile, as a list shows it. */
export type ListedProfile = ReturnType<typeof describeProfile>;

function describeProfile(profile: Profile) {
  return {
    name: profile.name,
    is_default: profile.name === BUILT_IN_PROVIDER,
    auth: profile.oauth2 === undefined ? ('key' as const) : ('oauth2' as const),
    base_url: profile.baseUrl ?? null,
    variables: variablesOf(profile),
    cancel: profile.cancel !== undefined,
    lookup: profile.lookup !== undefined,
    callback: profile.callback !== undefined,
    path: pathOfShipped(profile.name),
  };
}

interface CheckOptions extends OutputOptions {
  data?: string;
  file?: string;
  baseUrl?: URL;
  reply?: { step: Step; path: string };
  status?: number;
  header?: Record<string, string>;
}

function checkCommand(): Command {
  return new Command('check')
    .summary('check a profile, and show what it does')
    .usage(
      '<profile> [options]\n' +
        '       external-api provider check <profile>\n' +
        '              --reply <step=path> [--status <code>] [--header <line>]',
    )
    .description(
      'Show what would be sent for a sample input, with the names of secrets and never their values, and how a recorded ' +
        'reply reads. Nothing is sent. A profile with mistakes exits 78, with the line of each and what is expected there.',
    )
    .addArgument(new Argument('<profile>', 'name of a shipped profile, or path of a YAML file'))
    .option('--data <json>', 'the sample input, any JSON but null')
    .option('--file <path>', 'read the sample input from a JSON file')
    .option('--base-url <url>', "where the provider is (default: the profile's base URL)", parseBaseUrl)
    .option('--reply <step=path>', `a file with the body of a reply to ${STEPS.join(', ')}`, parseReply)
    .option('--status <code>', 'the status of that reply (default: 200)', wholeNumber(100, 599))
    .option('--header <line>', "a header of that reply, such as 'Location: /jobs/1'; may be repeated", parseHeader)
    .addOption(jsonOption())
    .action(check);
}

async function check(nameOrPath: string, options: CheckOptions): Promise<void> {
  const { reply, status, header } = options;
  if (reply === undefined && (status !== undefined || header !== undefined))
    throw new UsageError('--status and --header go with --reply');
  const profile = loadProfile(nameOrPath);
  const baseUrl = options.baseUrl ?? new URL(profile.baseUrl ?? SAMPLE_BASE_URL);
  const calls = callsFor(profile, baseUrl, await dataOf(profile, options));
  const reading = reply === undefined ? null : await readingOf(profile, baseUrl, reply, options);
  const variables = variablesOf(profile);
  const needsBaseUrl = profile.baseUrl === undefined;
  const document = { name: profile.name, variables, needs_base_url: needsBaseUrl, calls, reading };
  print(
    document,
    (width) =>
      checkText(
        {
          name: profile.name,
          variables,
          needsBaseUrl,
          calls,
          reading: reading && { ...reading, step: reply?.step ?? '' },
        },
        width,
      ),
    options,
  );
}

async function dataOf(profile: Profile, { data, file }: CheckOptions): Promise<Parameters<typeof callsOf>[2]> {
  return data === undefined && file === undefined ? sampleData(profile) : await readData({ data, file });
}

function callsFor(profile: Profile, baseUrl: URL, data: Parameters<typeof callsOf>[2]): ShownCall[] {
  try {
    return callsOf(profile, baseUrl, data);
  } catch (error) {
    if (!(error instanceof CannotBuildError)) throw error;
    throw new UsageError(`the data does not fit the profile: ${error.message}`);
  }
}

async function readingOf(
  profile: Profile,
  baseUrl: URL,
  { step, path }: NonNullable<CheckOptions['reply']>,
  { status = 200, header = {} }: CheckOptions,
): Promise<ShownReading> {
  if (profile[step] === undefined) throw new UsageError(`the profile ${profile.name} has no ${step}`);
  const reply = { status, headers: header, body: await readTextFile(path) };
  const clean = (text: string): string => sanitize(text, []);
  return readRecorded(profile, step, reply, { baseUrl, requestId: SAMPLE_REQUEST_ID, handle: null, clean });
}

function schemaCommand(): Command {
  return new Command('schema')
    .summary('print the JSON Schema of a profile, for editors')
    .description(
      'Print the JSON Schema of a profile. The package has it as dist/profile/provider.schema.json: with ' +
        '`# yaml-language-server: $schema=<path>` as its first line an editor checks and completes a profile.',
    )
    .action(() => {
      process.stdout.write(`${JSON.stringify(profileJsonSchema(), null, 2)}\n`);
    });
}
