/** What every caller asks for: about 300 bytes of JSON, never the same twice. */
export function workOf(id: string) {
  return {
    document: id,
    text: 'A document of a few sentences, as a service would send it. '.repeat(4),
    options: { language: 'en', pages: [1, 2, 3] },
  };
}

/** As EXTERNAL_API_MAX_CONNECTIONS is by default, for each who calls. */
export const MAX_CONNECTIONS = 64;
