/** What this bundle uses of net-snmp 3.29, which brings no types. */
declare module 'net-snmp' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:dgram';

  export interface Varbind {
    oid: string;
    /** ASN.1 tag; 128, 129, 130: no such object, no such instance, end of the MIB view. */
    type: number;
    value: number | string | Buffer | boolean | null;
  }

  export interface User {
    name: string;
    level: number;
    authProtocol?: string;
    authKey?: string;
    privProtocol?: string;
    privKey?: string;
  }

  export interface SessionOptions {
    port?: number;
    retries?: number;
    timeout?: number;
    version?: number;
    transport?: 'udp4' | 'udp6';
    idBitsSize?: 16 | 32;
    context?: string;
    backwardsGetNexts?: boolean;
  }

  type Feed<T> = (error: Error | null, varbinds: T) => void;

  export interface Session extends EventEmitter {
    timeout: number;
    retries: number;
    dgram: Socket;
    /** Set once a v3 engine was discovered. */
    msgSecurityParameters?: object;
    get(oids: string[], feed: Feed<Varbind[]>): void;
    getNext(oids: string[], feed: Feed<Varbind[]>): void;
    getBulk(oids: string[], nonRepeaters: number, maxRepetitions: number, feed: Feed<Varbind[][]>): void;
    set(varbinds: { oid: string; type: number; value: number | string }[], feed: Feed<Varbind[]>): void;
    onMsg(buffer: Buffer): void;
    /** Encodes, encrypts and sends a request. */
    send(request: object, noWait?: boolean): Session;
    cancelRequests(error: Error): void;
    close(): void;
  }

  export function createSession(target: string, community: string, options: SessionOptions): Session;
  export function createV3Session(target: string, user: User, options: SessionOptions): Session;
  export const Version1: number;
  export const Version2c: number;
  export const Version3: number;
  export const SecurityLevel: { noAuthNoPriv: number; authNoPriv: number; authPriv: number };
  export const AuthProtocols: Record<string, string>;
  export const PrivProtocols: Record<string, string>;
  export const ObjectType: Record<string, number> & { Integer: number; Gauge: number; OctetString: number };
}
