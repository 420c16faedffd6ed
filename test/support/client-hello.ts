import { randomBytes } from 'node:crypto';

/** First words of a DTLS handshake (RFC 6347 §4.2) as somebody who means harm would choose them. */
export interface ClientHelloOptions {
  readonly version?: number;
  readonly suites?: readonly number[];
  /** Extensions beside those that WebRTC needs. */
  readonly more?: readonly Buffer[];
}

export const dtls10 = 0xfeff;
const dtls12 = 0xfefd;
/** TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256. */
const goodSuite = 0xc02b;
/** TLS_RSA_WITH_NULL_SHA256, TLS_ECDHE_ECDSA_WITH_NULL_SHA, TLS_NULL_WITH_NULL_NULL. */
export const nullSuites = [0x003b, 0xc006, 0x0000];

/** The body of the message, without its header. */
export function clientHello({ version = dtls12, suites = [goodSuite], more = [] }: ClientHelloOptions = {}): Buffer {
  const extensions = [
    // use_srtp with AEAD_AES_128_GCM, groups, signature algorithms, extended master secret.
    extension(14, Buffer.from([0, 2, 0, 7, 0])),
    extension(10, Buffer.from([0, 4, 0, 0x1d, 0, 0x17])),
    extension(11, Buffer.from([1, 0])),
    extension(13, Buffer.from([0, 4, 4, 3, 8, 4])),
    extension(23, Buffer.alloc(0)),
    ...more,
  ];
  const list = Buffer.concat(suites.map((suite) => number(suite, 2)));
  // No session, no cookie; no compression.
  const head = [number(version, 2), randomBytes(32), Buffer.from([0, 0]), number(list.length, 2), list, Buffer.from([1, 0])];
  const tail = Buffer.concat(extensions);
  return Buffer.concat([...head, number(tail.length, 2), tail]);
}

export function extension(type: number, value: Buffer): Buffer {
  return Buffer.concat([number(type, 2), number(value.length, 2), value]);
}

/** One record with one piece of a ClientHello; what it says of itself need not be true. */
export function helloPiece(
  piece: Buffer,
  { sequence = 0, version = dtls12, total = piece.length, offset = 0, length = piece.length } = {},
): Buffer {
  const handshake = Buffer.concat([Buffer.from([1]), number(total, 3), number(0, 2), number(offset, 3), number(length, 3), piece]);
  return Buffer.concat([Buffer.from([22]), number(version, 2), number(0, 2), number(sequence, 6), number(handshake.length, 2), handshake]);
}

/** Whether it begins the handshake that was asked for. */
export function isServerHello(datagram: Buffer): boolean {
  return datagram[0] === 22 && datagram[13] === 2;
}

function number(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}
