import { BUILT_IN_PROVIDER } from '../../src/contract/names.ts';
import { loadProfile } from '../../src/profile/load-profile.ts';

export const BUILT_IN = loadProfile(BUILT_IN_PROVIDER);
