/** Where the recorded histories are, one folder a version. */
export const HISTORIES = new URL('histories/', import.meta.url);

/** The version that new recordings belong to: raise it with every `patched()` in the workflow. */
export const CURRENT_VERSION = 'v1';
