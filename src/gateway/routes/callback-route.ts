import type { FastifyError, FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { verifyToken } from '../../callbacks/link.ts';
import { idNamedIn, isGenuine, type CallbackReceiver } from '../../callbacks/receiver.ts';
import { RequestNotFoundError, TemporalUnavailableError } from '../../client/client-errors.ts';
import type { CallbackTold } from '../../client/tell-callback.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { HintLine } from '../hint-line.ts';
import { HttpError } from '../http-error.ts';
import { CALLBACK_PATH } from '../paths.ts';
import { problemResponses } from '../wire-schemas.ts';

/** As large as an answer of a provider may be: some send the whole of it. Who has no link of ours gets none of it read. */
const MOST_BYTES = 10 * 1024 * 1024;

/** What became of a callback, for the log. */
type Outcome =
  CallbackTold | 'forged_link' | 'forged_signature' | 'forgotten' | 'too_large' | 'unavailable' | 'refused';

/**
 * `POST /callbacks/{token}`: the provider says that it is done. Whoever has a link of ours, and signs as the profile says,
 * is answered 204, whatever the body says and wherever the request is: senders stop for good at some other answers.
 */
export const callbackRoute: FastifyPluginCallbackZod<{ client: GatewayClient; receiver: CallbackReceiver }> = (
  app,
  { client, receiver },
  done,
) => {
  const { provider, keys } = receiver;
  const line = new HintLine((requestId, hint) => client.callback(requestId, hint));
  // What was signed are bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
  app.post(
    CALLBACK_PATH,
    {
      bodyLimit: MOST_BYTES,
      schema: {
        summary: 'Tell that the work of a request is done',
        description:
          'For the provider, which gets the link with the work. The body is no result: the provider is asked.',
        operationId: 'callback',
        tags: ['callbacks'],
        params: z.object({ token: z.string() }),
        response: {
          204: z.undefined().describe('Taken, also where the request has ended'),
          ...problemResponses({
            401: 'Nobody gave out that link, or the signature is not that of the provider',
            404: 'The request of the link is forgotten',
            413: 'The body is larger than 10 MiB',
            503: 'Not at the moment: see Retry-After',
          }),
        },
      },
      // Before the body is read.
      onRequest: async (request: FastifyRequest) => {
        const { token } = request.params as { token: string };
        request.externalRequestId = verifyToken(keys, provider, token);
        if (request.externalRequestId === null) throw new RefusedCallback('forged_link', 'Nobody gave out this link.');
        // Whatever it says: only bytes are wanted.
        delete request.headers['content-type'];
      },
      errorHandler: (error: FastifyError, request, reply) => {
        const told = error.code === TOO_LARGE ? new HttpError(413, 'PayloadTooLargeError', LARGER) : error;
        tell(request, outcomeOf(told), null);
        reply.send(told);
      },
    },
    async (request, reply) => {
      const arrivedAt = Date.now();
      const requestId = request.externalRequestId ?? '';
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      if (!isGenuine(receiver, { headers: request.headers, body }, arrivedAt)) {
        throw new RefusedCallback('forged_signature', 'The signature is not that of the provider, or it is too old.');
      }
      const providerRequestId = idNamedIn(receiver, body);
      tell(request, await line.tell(requestId, { providerRequestId, arrivedAt }), providerRequestId);
      return reply.code(204).send();
    },
  );
  done();
};

const TOO_LARGE = 'FST_ERR_CTP_BODY_TOO_LARGE';
const LARGER = 'The body is larger than 10 MiB. Its bytes are no result here: send less of it.';

class RefusedCallback extends HttpError {
  readonly outcome: Outcome;

  constructor(outcome: Outcome, detail: string) {
    super(401, 'CallbackRefusedError', detail, { 'www-authenticate': 'Callback realm="external-api"' });
    this.outcome = outcome;
  }
}

function outcomeOf(error: Error): Outcome {
  if (error instanceof RefusedCallback) return error.outcome;
  if (error instanceof RequestNotFoundError) return 'forgotten';
  if (error instanceof TemporalUnavailableError) return 'unavailable';
  return error instanceof HttpError && error.status === 413 ? 'too_large' : 'refused';
}

const EXPECTED: readonly Outcome[] = ['told', 'ended'];

function tell(request: FastifyRequest, outcome: Outcome, providerRequestId: string | null): void {
  request.callbackOutcome = outcome;
  request.log[EXPECTED.includes(outcome) ? 'info' : 'warn']({
    event: 'gateway_callback',
    outcome,
    request_id: request.externalRequestId,
    provider_request_id: providerRequestId,
  });
}
