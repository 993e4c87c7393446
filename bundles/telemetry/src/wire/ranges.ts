/** First and last sequence, both included. */
export type Range = readonly [from: number, to: number];
