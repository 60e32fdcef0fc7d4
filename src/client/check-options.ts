import { z } from 'zod';
import type { TargetRules } from '../callbacks/target.ts';
import type { ClientOptions, ConnectOptions, ResultOptions, StatusOptions, UpdatesOptions } from './client-options.ts';
import { LEVELS, type ClientHooks, type ClientLogger } from './client-events.ts';
import { requestDuration } from './durations.ts';
import { name } from './request-members.ts';
import { abortSignal, anything, check, standardSchema, strict } from './strict-input.ts';

/** Options that the client takes itself, each known by its name: those of a request are in process-input.ts. */

const budget = z
  .custom((source) => typeof source === 'function', { message: 'must be a function, such as budgetFrom(url)' })
  .optional();

const method = z.custom((value) => typeof value === 'function', { message: 'must be a function' });

// A logger has more methods than the client calls.
const logger = z.custom(
  (value) => LEVELS.every((level) => typeof (value as Partial<ClientLogger> | null)?.[level] === 'function'),
  { message: `must have the methods ${LEVELS.join(', ')}, as a logger of pino has` },
);

const hooks = strict({
  onRequestStarted: method.optional(),
  onRequestEnded: method.optional(),
  onRetry: method.optional(),
} satisfies Record<keyof ClientHooks, z.ZodType>);

const deliveryTargets = strict({
  ports: z.array(z.int().min(1).max(65_535), 'must be a list of ports').min(1).optional(),
  hosts: z.array(z.string(), 'must be a list of host names, or null: any').nullable().optional(),
  loopback: z.boolean('must be true or false').optional(),
} satisfies Record<keyof TargetRules, z.ZodType>);

const ofClient = {
  defaultDeadline: anything,
  defaultUnknownHold: anything,
  provider: name.optional(),
  budget,
  deliveryTargets: deliveryTargets.optional(),
  logger: logger.optional(),
  hooks: hooks.optional(),
};

const constructorOptions = strict(ofClient);

const connectOptions = strict({
  temporal: strict({
    connectionOptions: strict({
      address: z.string('must be host:port, such as localhost:7233').optional(),
      tls: anything,
      apiKey: anything,
      metadata: anything,
    }),
    namespace: z.string('must be the name of a namespace').optional(),
    addressFrom: z.string('must be a text').optional(),
  }).optional(),
  ...ofClient,
});

const resultOptions = strict({ signal: abortSignal, timeout: anything, schema: standardSchema });

const statusOptions = strict({ tenant: name.optional() });

const updatesOptions = strict({ signal: abortSignal });

const reason = strict({ reason: z.string('must be a text').optional() });

const WHAT = 'options of the client';

/** @throws InvalidRequestError naming every unknown option */
export function checkConnect(options: ConnectOptions): void {
  check(connectOptions, options, WHAT);
}

/** @throws InvalidRequestError naming every unknown option, or a default that no request could have */
export function checkConstructor(options: ClientOptions): void {
  check(constructorOptions, options, WHAT);
  const { defaultDeadline, defaultUnknownHold } = options;
  if (defaultDeadline !== undefined) requestDuration('defaultDeadline', defaultDeadline);
  if (defaultUnknownHold !== undefined) requestDuration('defaultUnknownHold', defaultUnknownHold);
}

/** @throws InvalidRequestError */
export function checkResult(options: ResultOptions<unknown>): void {
  check(resultOptions, options);
}

/** @throws InvalidRequestError */
export function checkStatus(options: StatusOptions): void {
  check(statusOptions, options);
}

/** @throws InvalidRequestError */
export function checkUpdates(options: UpdatesOptions): void {
  check(updatesOptions, options);
}

/** @throws InvalidRequestError for what is no text, such as an object of options */
export function checkReason(asked: string): void {
  check(reason, { reason: asked });
}
