export {
  compress,
  decodeBody,
  decodePlainBody,
  decompress,
  encodeBody,
  encodePlainBody,
  type BatchBody,
} from './body.js';
export { Clock, observe, rebase, timeAt, wallAt, type Anchor, type ClockSources, type ClockState } from './clock.js';
export { systemClock } from './system-clock.js';
export { LIMITS } from './limits.js';
export {
  BATCH_CLASSES,
  decodeAck,
  decodeBatch,
  decodeState,
  encodeAck,
  encodeBatch,
  encodeState,
  type AckMessage,
  type BatchMessage,
  type StateMessage,
} from './messages.js';
export { RangeSet, type Range } from './ranges.js';
export { decodeEntry, decodeSchema, encodeEntry, encodeSchema, type SchemaMessage } from './schema.js';
export { parseTopic, topicFilter, topics, TOPIC_PATHS, type TopicKind, type Topics } from './topics.js';
