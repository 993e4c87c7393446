export * from './device.js';
export * from './driver.js';
export * from './metrics.js';
export * from './outbox.js';
export * from './quality.js';
export * from './sample.js';
export * from './store.js';
export type { Range } from './wire/ranges.js';
