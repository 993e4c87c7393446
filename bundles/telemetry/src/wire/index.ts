export type { Range } from './ranges.js';
