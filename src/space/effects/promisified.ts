/** Under which a function keeps its promised form for `util.promisify`: the documented symbol, without loading `node:util`. */
export const PROMISIFIED = Symbol.for('nodejs.util.promisify.custom');
