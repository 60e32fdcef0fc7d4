/** What a user has set cannot be used. The message is for that user; nothing was started. */
export class SettingsError extends Error {
  /** EX_CONFIG of sysexits.h, as our command line has it. */
  exitCode = 78;
}
