/**
 * Bounds of what a decoder takes and an encoder gives. A peer that sends more is refused with `WIRE_INVALID`; they hold
 * the memory that one hostile message can cost to some tens of megabytes.
 */
export const LIMITS = {
  /** Compressed body, bytes. */
  body: 4 << 20,
  /** Body after decompression, bytes. */
  plain: 16 << 20,
  /** zstd window, as a power of two: what a decompressor may set aside. */
  windowLog: 23,
  devices: 10_000,
  samples: 100_000,
  /** Points of one sample, and of one schema entry. */
  points: 65_536,
  /** Values of all samples of a body. */
  readings: 1_000_000,
  gaps: 100_000,
  events: 10_000,
  statuses: 10_000,
  entries: 10_000,
  parts: 16_384,
  /** Ranges of one acknowledgement. */
  ranges: 100_000,
  /** Characters: of an id or path; of a label, name or serial number; of a sentence; of an event's data as JSON. */
  id: 256,
  label: 256,
  sentence: 2_000,
  data: 65_536,
} as const;
