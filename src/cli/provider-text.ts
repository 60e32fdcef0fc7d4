import type { ShownCall } from './check-profile.ts';
import type { ListedProfile } from './provider-command.ts';
import type { ShownReading } from './read-recorded.ts';
import { tableText, type Column } from './table.ts';
import { wrap } from './wrap.ts';

const yes = (is: boolean): string => (is ? 'yes' : '-');

const COLUMNS: readonly Column<ListedProfile>[] = [
  { title: 'PROFILE', cell: ({ name, is_default: isDefault }) => (isDefault ? `${name} (default)` : name) },
  { title: 'AUTH', cell: ({ auth }) => auth },
  { title: 'CANCEL', cell: ({ cancel }) => yes(cancel) },
  { title: 'LOOKUP', cell: ({ lookup }) => yes(lookup) },
  { title: 'CALLBACK', cell: ({ callback }) => yes(callback) },
  { title: 'BASE URL', cell: ({ base_url: baseUrl }) => baseUrl ?? 'yours', least: 10 },
];

/** The shipped profiles as a table of `width` columns. */
export function profilesText(profiles: readonly ListedProfile[], width: number): string {
  return tableText(COLUMNS, profiles, width);
}

interface Checked {
  name: string;
  variables: ListedProfile['variables'];
  needsBaseUrl: boolean;
  calls: readonly ShownCall[];
  reading: (ShownReading & { step: string }) | null;
}

const INDENT = '  ';

/** What a profile does, in lines of `width` columns. */
export function checkText(
  { name, variables: { calls: needed, callbacks }, needsBaseUrl, calls, reading }: Checked,
  width: number,
): string {
  const needs = [...(needsBaseUrl ? ['EXTERNAL_API_BASE_URL'] : []), ...needed].join(', ');
  const lines = [
    `${name} has no mistakes. Nothing was sent.`,
    ...(needs === '' ? [] : [`${INDENT}needs      ${needs}`]),
    ...(callbacks.length === 0 ? [] : [`${INDENT}callbacks  ${callbacks.join(', ')}`]),
    ...(reading === null ? [] : linesOfReading(reading)),
  ].map((line) => wrap(line, width, INDENT));
  // What is sent stands as it is sent: nobody wants blanks in a URL. Whoever asks about a reply has seen it.
  return [...lines, ...(reading === null ? calls.map(laidOut).flatMap(linesOfCall) : [])].join('\n');
}

/** A call with its body as it stands: what is cut short is no JSON. */
export function linesOfCall({ step, method, url, headers, body }: ShownCall): string[] {
  return [
    '',
    `${step.padEnd(8)}${method} ${url}`,
    ...Object.entries(headers).map(([header, value]) => `${INDENT}${header}: ${value}`),
    ...(body === null ? [] : body.split('\n').map((line) => INDENT + line)),
  ];
}

/** What is sent, in lines. */
function laidOut(call: ShownCall): ShownCall {
  return { ...call, body: call.body && JSON.stringify(JSON.parse(call.body), null, 2) };
}

function linesOfReading({ step, phase, means, found }: ShownReading & { step: string }): string[] {
  const facts = Object.entries(found).map(
    ([name, value]) => `${INDENT}${name.padEnd(14)}${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return ['', `The reply to ${step} reads as ${phase}: ${means}.`, ...facts];
}
