import { KEY } from './contracts-by-id.ts';
import { isCall, json, type Answer, type Contract } from './scripted-provider.ts';

/** Vendors that answer with a URL where the work is to be asked about. Written after their documentation, and not after any profile. */

export const CLIENT_ID = 'client-canary-2';
export const CLIENT_SECRET = 'secret-canary-3';
const TOKEN = 'token-canary-4';

/** 202 without a body; the URL is in `Operation-Location`, and names `resource` whatever stands before it. */
export function azureDocuments(resource?: string): Contract {
  return (call, work, origin) => {
    if (call.headers['ocp-apim-subscription-key'] !== KEY) {
      return {
        status: 401,
        body: { error: { code: '401', message: 'Access denied due to invalid subscription key.' } },
      };
    }
    const taken = isCall(
      call,
      'POST',
      /^(?:\/gateway)?(\/documentintelligence\/documentModels\/[\w-]+):analyze\?api-version=([\d-]+)$/,
    );
    if (taken) {
      const { id } = work.take((n) => `3b31320d-8bab-4f88-b19c-2322a7f1103${n}`, json(call));
      const url = `${resource ?? origin}${taken[1]}/analyzeResults/${id}?api-version=${taken[2]}`;
      return { status: 202, headers: { 'operation-location': url, 'retry-after': '1' } };
    }
    const job = work.find(isCall(call, 'GET', /\/analyzeResults\/([\w-]+)\?api-version=[\d-]+$/)?.[1]);
    if (job === undefined)
      return { status: 404, body: { error: { code: 'NotFound', message: 'Resource not found.' } } };
    const status = job.look();
    const times = { createdDateTime: '2026-05-04T10:00:00Z', lastUpdatedDateTime: '2026-05-04T10:00:03Z' };
    if (status === 'failed')
      return { body: { status, ...times, error: { code: 'InvalidRequest', message: 'The file is corrupted.' } } };
    return { body: { status, ...times, ...(status === 'succeeded' && { analyzeResult: { content: 'Invoice 7' } }) } };
  };
}

/** Where Adobe's tokens are had: another origin than that of its API. */
export const adobeTokens: Contract = (call) => {
  const form = new URLSearchParams(call.body);
  const isOurs = form.get('client_id') === CLIENT_ID && form.get('client_secret') === CLIENT_SECRET;
  if (!isCall(call, 'POST', /^\/ims\/token\/v3$/) || !isOurs) return { status: 400, body: { error: 'invalid_client' } };
  return { body: { access_token: TOKEN, token_type: 'bearer', expires_in: 86_399 } };
};

/** 201 with `Location`, at the host that the API has for the world; the result is behind a signed URL elsewhere. */
export const adobePdf: Contract = (call, work) => {
  const { authorization, 'x-api-key': key } = call.headers;
  if (authorization !== `Bearer ${TOKEN}` || key !== CLIENT_ID)
    return { status: 401, body: { error: { code: '401013', message: 'Oauth token is not valid' } } };
  if (isCall(call, 'POST', /^\/operation\/extractpdf$/)) {
    const { id } = work.take((n) => `Rpc6aRSMQJTaRjhrRnKPGNGOXuvHTB8${n}`, json(call));
    return {
      status: 201,
      headers: { location: `https://pdf-services-ue1.adobe.io/operation/extractpdf/${id}/status` },
    };
  }
  const job = work.find(isCall(call, 'GET', /^\/operation\/extractpdf\/(\w+)\/status$/)?.[1]);
  if (job === undefined) return { status: 404, body: { error: { code: 'NOT_FOUND', message: 'Job not found' } } };
  const status = job.look();
  if (status === 'failed')
    return { body: { status, error: { code: 'DISQUALIFIED', message: 'File is encrypted', status: 400 } } };
  if (status !== 'done') return { body: { status } };
  work.links += 1;
  const downloadUri = `https://dc-prod.s3-accelerate.amazonaws.com/extract-${work.links}.json?X-Amz-Signature=s${work.links}`;
  return { body: { status, content: { assetID: 'urn:aaid:AS:UE1:1', downloadUri }, resource: {} } };
};

/** A queue: the failure of the work is the answer to the call for its result. */
export const fal: Contract = (call, work, origin) => {
  if (call.headers.authorization !== `Key ${KEY}`)
    return { status: 401, body: { detail: 'Authentication is required' } };
  const urls = (id: string) => ({
    request_id: id,
    status_url: `${origin}/fal-ai/flux/requests/${id}/status`,
    response_url: `${origin}/fal-ai/flux/requests/${id}`,
  });
  if (isCall(call, 'POST', /^\/fal-ai\/flux$/)) {
    const { id, word } = work.take((n) => `764cabcf-b745-4b3e-ae38-1200304cf45${n}`, json(call));
    return { body: { ...urls(id), status: word } };
  }
  const [, id, isStatus] = /^\/fal-ai\/flux\/requests\/([\w-]+)(\/status)?$/.exec(call.path) ?? [];
  const job = work.find(id);
  if (job === undefined) return { status: 404, body: { detail: 'Request not found' } };
  if (isStatus) return { body: { ...urls(job.id), status: job.look() } };
  return (job.input as { prompt: string }).prompt === 'forbidden'
    ? { status: 422, body: { detail: 'Content policy violation' } }
    : { body: { images: [{ url: 'https://v3.fal.media/1.png' }] } };
};

/** RFC 9110, section 15.4.4: a monitor that is done answers 303, with where the result is. */
export const monitor: Contract = (call, work): Answer => {
  if (call.headers['x-api-key'] !== KEY) return { status: 401 };
  if (isCall(call, 'POST', /^\/v1\/exports$/)) {
    return { status: 202, headers: { location: `/v1/monitors/${work.take((n) => `m${n}`, json(call)).id}` } };
  }
  const result = isCall(call, 'GET', /^\/v1\/exports\/(\w+)$/);
  if (result) return { body: { rows: 3 } };
  const job = work.find(isCall(call, 'GET', /^\/v1\/monitors\/(\w+)$/)?.[1]);
  if (job === undefined) return { status: 404, body: { message: 'no such monitor' } };
  const word = job.look();
  return word === 'done' ? { status: 303, headers: { location: `/v1/exports/${job.id}` } } : { body: { state: word } };
};
