import { Metadata } from '@grpc/grpc-js';
import {
  ApplicationFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
  type Payload,
  type ProtoFailure,
} from '@temporalio/common';

/** What a Temporal server sends and gets, made of plain values. */

export type Payloads = { payloads?: Payload[] } | null;

export function payloadsOf(value: unknown): { payloads: Payload[] } {
  return { payloads: [defaultPayloadConverter.toPayload(value)] };
}

export function valueOf(payload: Payload | undefined): unknown {
  return payload && defaultPayloadConverter.fromPayload(payload);
}

/** As a memo, or search attributes, hold them. */
export function fieldsOf(values: object): { fields: Record<string, Payload> } {
  const entries = Object.entries(values).map(([name, value]) => [name, defaultPayloadConverter.toPayload(value)]);
  return { fields: Object.fromEntries(entries) as Record<string, Payload> };
}

export function valuesOf(fields: Readonly<Record<string, Payload>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, payload]) => [name, valueOf(payload)]));
}

export function timestampOf(time: string): { seconds: number; nanos: number } {
  const ms = Date.parse(time);
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

/** An ApplicationFailure that nobody repeats. */
export function failureOf(message: string, type: string, ...details: unknown[]): ProtoFailure {
  const thrown = ApplicationFailure.nonRetryable(message, type, ...details);
  return defaultFailureConverter.errorToFailure(thrown, defaultPayloadConverter);
}

/** The error with which the Temporal client's calls end. @param code https://grpc.io/docs/guides/status-codes/ */
export function serviceError(code: number, details: string): Error {
  return Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: new Metadata() });
}
