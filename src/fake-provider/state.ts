import { Callbacks } from './callbacks.ts';
import { FaultScript } from './fault-script.ts';
import { Jobs } from './jobs.ts';
import { Ledger } from './ledger.ts';
import { RateWindow } from './rate-window.ts';
import type { Settings } from './settings.ts';
import { Tokens } from './tokens.ts';

/** What a caller must present. */
export interface Credentials {
  apiKey: string;
  clientId: string;
  clientSecret: string;
}

/** Everything one provider knows. It is kept in memory and grows with every call until a reset. */
export class State {
  readonly settings: Settings;
  readonly credentials: Credentials;
  readonly callbacks = new Callbacks();
  ledger = new Ledger();
  tokens = new Tokens();
  jobs = new Jobs();
  window = new RateWindow();
  faults = new FaultScript();
  readonly #initial: { settings: Settings; credentials: Credentials };

  constructor(settings: Settings, credentials: Credentials) {
    this.settings = settings;
    this.credentials = credentials;
    this.#initial = { settings: { ...settings }, credentials: { ...credentials } };
  }

  /** As it was at the start. */
  reset(): void {
    this.callbacks.cancel();
    Object.assign(this.settings, this.#initial.settings);
    Object.assign(this.credentials, this.#initial.credentials);
    this.ledger = new Ledger();
    this.tokens = new Tokens();
    this.jobs = new Jobs();
    this.window = new RateWindow();
    this.faults = new FaultScript();
  }
}
