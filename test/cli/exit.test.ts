import { expect, test } from 'vitest';
import { EXIT, exitCodeOf, messageOf, UsageError } from '../../src/cli/exit.ts';
import {
  IdempotencyConflictError,
  InvalidRequestError,
  NothingToDecideError,
  RequestCancelledError,
  RequestFinishedError,
  RequestNotFoundError,
  RequestTooLargeError,
  ResultTimeoutError,
  TemporalUnavailableError,
} from '../../src/client/client-errors.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { APIRateLimitError } from '../../src/contract/errors.ts';

const ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';

test.each<[keyof typeof EXIT, unknown]>([
  ['usage', new UsageError('x')],
  ['usage', new InvalidRequestError([])],
  ['usage', new RequestTooLargeError(2, 1)],
  ['usage', new IdempotencyConflictError(ID)],
  ['notFound', new RequestNotFoundError(ID)],
  ['running', new ResultTimeoutError(ID)],
  ['unavailable', new TemporalUnavailableError()],
  ['config', new ConfigError([])],
  ['failed', new RequestCancelledError(ID)],
  ['failed', new RequestFinishedError(ID)],
  ['failed', new NothingToDecideError(ID, 'x')],
  ['failed', new APIRateLimitError('x')],
  ['failed', new TypeError('a defect')],
  ['failed', 'thrown'],
])('[C4] exit code "%s" for %s', (code, error) => {
  expect(exitCodeOf(error)).toBe(EXIT[code]);
});

test.each([
  ['data', 'the data'],
  ['options.callbackUrl', '--callback-url'],
  ['idempotencyKey', '--key'],
  ['tenant', '--tenant'],
  ['deadline', '--deadline'],
  ['idempotency', '--idempotency'],
  ['kind', '--kind'],
  ['unknownHold', '--unknown-hold'],
  ['providerRequestId', '--provider-id'],
  ['by', '--by'],
  ['reason', '--reason'],
  ['cursor', '--cursor'],
  ['data.a[1]', 'data.a[1]'],
])('[C4] a problem of %s is told of %s', (path, name) => {
  const error = new InvalidRequestError([{ path, message: 'must be X' }]);
  expect(messageOf(error)).toBe(`${name} must be X`);
});

test('[C4] every problem of a request is told, one that is of no option too', () => {
  const error = new InvalidRequestError([
    { path: 'kind', message: 'must be X' },
    { path: '', message: 'adopt needs an id' },
  ]);
  expect(messageOf(error)).toBe('--kind must be X; adopt needs an id');
});

test("[C4] the SDK's ServiceError is told with its cause, other errors alone", () => {
  const cause = new Error('8 RESOURCE_EXHAUSTED: slow down');
  const service = Object.assign(new Error('Failed to start Workflow', { cause }), { name: 'ServiceError' });
  expect(messageOf(service)).toBe('Failed to start Workflow: 8 RESOURCE_EXHAUSTED: slow down');
  expect(messageOf(new TemporalUnavailableError('No answer.', { cause }))).toBe('No answer.');
});

test('[C4] an error without a message has its name', () => {
  expect(messageOf(new AggregateError([]))).toBe('AggregateError');
});
