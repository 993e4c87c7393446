import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Bytes from the beginning that are read once and kept: most archives are not larger, and are read several times. */
const FRONT = 64 << 10;

/** A plain file that is read by position. The same file serves until it is closed, whatever happens to its name. */
export class ArchiveFile {
  /** Bytes, when it was opened. */
  readonly size: number;
  readonly #handle: FileHandle;
  #front: Buffer | undefined;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /**
   * @param flags more than those for reading
   * @returns undefined when it is a folder, a device or the like
   * @throws what the system says
   */
  static async open(path: string, flags = 0): Promise<ArchiveFile | undefined> {
    // A pipe with nobody at its other end would wait for somebody.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    try {
      const info = await handle.stat();
      if (info.isFile()) return new ArchiveFile(handle, info.size);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  /** Bytes that nobody may change; fewer where the file ends. */
  async read(position: number, length: number): Promise<Buffer> {
    if (position + length > FRONT) return this.#read(position, length);
    this.#front ??= await this.#read(0, Math.min(FRONT, this.size));
    return this.#front.subarray(position, position + length);
  }

  async #read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
