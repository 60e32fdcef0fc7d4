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

test('[C4] problems of a request are told by the names of the options', () => {
  const error = new InvalidRequestError([
    { path: 'options.callbackUrl', message: 'must be a URL' },
    { path: 'data.a[1]', message: 'is odd' },
    { path: '', message: 'adopt needs an id' },
  ]);
  expect(messageOf(error)).toBe('--callback-url must be a URL; data.a[1] is odd; adopt needs an id');
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
