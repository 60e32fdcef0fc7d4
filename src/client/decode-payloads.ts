import type { Client, WorkflowHandle } from '@temporalio/client';
import {
  ApplicationFailure,
  defaultPayloadConverter,
  TimeoutFailure,
  type Payload,
  type SerializationContext,
} from '@temporalio/common';
import type { ErrorDetails } from '../contract/failures.ts';

/** Payloads and failures as values: read through the data converter of the client, codecs included. */

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>['raw'];
type ProtoFailure = NonNullable<NonNullable<NonNullable<Description['pendingActivities']>[number]>['lastFailure']>;
type Payloads = { payloads?: Payload[] | null } | null | undefined;

/** How an attempt of an activity ended badly. */
export interface AttemptFailure {
  /** `application`: our code threw it. `timeout`: nobody reported in time. `other`: the server or an operator ended it. */
  kind: 'application' | 'timeout' | 'other';
  /** Of an application failure: the name of its class. */
  type: string | null;
  message: string;
  details: ErrorDetails | null;
}

/** The value of `payload`; undefined when there is none. */
export async function valueOf(
  client: Client,
  payload: Payload | null | undefined,
  context: SerializationContext,
): Promise<unknown> {
  if (!payload) return undefined;
  const { payloadCodecs, payloadConverter } = client.options.loadedDataConverter;
  const [plain] = await decoded([payload], payloadCodecs, context);
  return plain && payloadConverter.fromPayload(plain, context);
}

/** The first value of `payloads`; undefined when there is none. */
export async function firstValueOf(
  client: Client,
  payloads: Payloads,
  context: SerializationContext,
): Promise<unknown> {
  return await valueOf(client, payloads?.payloads?.[0], context);
}

/** Search attributes are plain to every server: no codec may touch what is searched. */
export function searchAttributeOf(payload: Payload | null | undefined): unknown {
  return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
}

/** How an attempt ended badly, in plain words. */
export async function failureOf(
  client: Client,
  failure: ProtoFailure,
  context: SerializationContext,
): Promise<AttemptFailure> {
  const error = await errorOf(client, failure, context);
  const { message } = error;
  if (!(error instanceof ApplicationFailure)) {
    return { kind: error instanceof TimeoutFailure ? 'timeout' : 'other', type: null, message, details: null };
  }
  const [details = null] = (error.details ?? []) as [ErrorDetails?];
  return { kind: 'application', type: error.type ?? null, message, details };
}

/** A failure as the workflow sees it, but without its causes, in which nobody is interested. */
export async function errorOf(client: Client, failure: ProtoFailure, context: SerializationContext): Promise<Error> {
  const { payloadCodecs, payloadConverter, failureConverter } = client.options.loadedDataConverter;
  const { encodedAttributes, applicationFailureInfo: info, timeoutFailureInfo: timeout } = failure;
  const plain: ProtoFailure = { ...failure, cause: null };
  if (encodedAttributes)
    plain.encodedAttributes = (await decoded([encodedAttributes], payloadCodecs, context))[0] ?? null;
  if (info) {
    const details = await decoded(info.details?.payloads ?? [], payloadCodecs, context);
    plain.applicationFailureInfo = { ...info, details: { payloads: details } };
  }
  if (timeout) {
    const heartbeat = await decoded(timeout.lastHeartbeatDetails?.payloads ?? [], payloadCodecs, context);
    plain.timeoutFailureInfo = { ...timeout, lastHeartbeatDetails: { payloads: heartbeat } };
  }
  return failureConverter.failureToError(plain, payloadConverter, context);
}

/** The codec that was applied last is undone first. */
async function decoded(
  payloads: Payload[],
  codecs: Client['options']['loadedDataConverter']['payloadCodecs'],
  context: SerializationContext,
): Promise<Payload[]> {
  let left = payloads;
  for (const codec of codecs.toReversed()) left = await codec.decode(left, context);
  return left;
}
