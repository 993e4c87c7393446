/** `rackwatt/testing`: a component alone, with fakes around it. For the tests of bundles, whatever runs them. */
export { activate, type Ending, type Fake, type Fakes, type Trial, type TrialOptions } from './trial.js';
export { fakeClock, type Clock } from './clock.js';
export type { LogLine } from './log.js';
export { TESTING_ERRORS } from './errors.js';
