/**
 * Follows the framing of MQTT packets (MQTT 3.1.1, 2.2) through a stream of bytes and sees a packet that is too large
 * by its header, before any of it is kept.
 */
export class PacketLimit {
  readonly #largest: number;
  /** Bytes of the current packet's body still to come; -1: its first byte is still to come. */
  #body = -1;
  #length = 0;
  #scale = 0;

  /** @param largest bytes that a packet may have after its fixed header. */
  constructor(largest: number) {
    this.#largest = largest;
  }

  /** @returns whether all packets so far are within the limit. */
  take(bytes: Uint8Array): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#scale > 0) {
        const digit = bytes[at++]!;
        this.#length += (digit & 0x7f) * this.#scale;
        if (this.#length > this.#largest) return false;
        if (digit < 0x80) {
          this.#body = this.#length;
          this.#scale = 0;
          if (this.#body === 0) this.#body = -1;
        } else if (this.#scale === 128 ** 3) {
          return false;
        } else {
          this.#scale *= 128;
        }
      } else if (this.#body < 0) {
        at++;
        this.#length = 0;
        this.#scale = 1;
      } else {
        const skipped = Math.min(this.#body, bytes.length - at);
        at += skipped;
        this.#body -= skipped;
        if (this.#body === 0) this.#body = -1;
      }
    }
    return true;
  }
}
