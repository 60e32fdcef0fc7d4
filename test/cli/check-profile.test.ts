import { expect, test } from 'vitest';
import { callsOf, sampleData } from '../../src/cli/check-profile.ts';
import { profileOf } from '../../src/profile/load-profile.ts';

const profile = profileOf(
  `name: example
credentials: { user: EXTERNAL_API_KEY, password: EXTERNAL_API_KEY_SECRET, id: EXTERNAL_OAUTH_CLIENT_ID, secret: EXTERNAL_OAUTH_CLIENT_SECRET }
oauth2: { url: /token, clientId: id, clientSecret: secret, clientAuth: basic, params: { audience: everybody } }
headers: { Authorization: { credential: token, scheme: Bearer }, X-User: { basic: [user, password] } }
reply: { location: /url, phase: [{ at: /status, completed: done }] }
submit:
  call: POST /{project}/jobs
  vars: { project: 'data#/project' }
  body: { /input: { from: 'data#/deep/input' } }
poll: { call: 'GET {+location}' }
result: { call: 'GET {+url}', vars: { url: /file } }
`,
  'example.yaml',
);

test('[N7][N13] Basic credentials are shown by their names too, wherever they stand', () => {
  const [token, submit, poll, result] = callsOf(profile, new URL('https://api.example.com/v1'), sampleData(profile));
  expect(token).toEqual({
    step: 'token',
    method: 'POST',
    url: 'https://api.example.com/v1/token',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: 'Basic <EXTERNAL_OAUTH_CLIENT_ID>:<EXTERNAL_OAUTH_CLIENT_SECRET>',
    },
    body: 'grant_type=client_credentials&audience=everybody',
  });
  expect(submit).toMatchObject({
    url: 'https://api.example.com/v1/sample-project/jobs',
    headers: { authorization: 'Bearer <token>', 'x-user': 'Basic <EXTERNAL_API_KEY>:<EXTERNAL_API_KEY_SECRET>' },
    body: '{"input":"sample-input"}',
  });
  expect(poll?.url).toBe('https://api.example.com/v1/sample-location');
  expect(result?.url).toBe('https://api.example.com/sample-result');
});

test('[N13] a sample has all that the profile takes out of the data', () => {
  expect(sampleData(profile)).toEqual({ project: 'sample-project', deep: { input: 'sample-input' } });
});

test('[N13] a part of the data may hold another', () => {
  const nested = {
    ...profile,
    submit: { ...profile.submit, vars: { all: 'data#/deep', project: 'data#/deep/project' } },
  };
  expect(sampleData(nested as typeof profile)).toEqual({ deep: { project: 'sample-project', input: 'sample-input' } });
});
