import { createHmac, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface IceCredentials {
  readonly usernameFragment: string;
  readonly password: string;
}

const cookie = 0x2112a442;
const attribute = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  controlling: 0x802a,
};
const headerBytes = 20;

/** A binding request as a controlling ICE agent sends it (RFC 8489, RFC 8445 §7.2.2), nominating its pair at once, unless told not to. */
export function bindingRequest({ usernameFragment, password }: IceCredentials, { nominates = true } = {}): Buffer {
  const priority = Buffer.alloc(4);
  priority.writeUInt32BE(0x6e00_1eff);
  const attributes = [
    encode(attribute.username, Buffer.from(`${usernameFragment}:test`)),
    encode(attribute.priority, priority),
    encode(attribute.controlling, randomBytes(8)),
    ...(nominates ? [encode(attribute.useCandidate, Buffer.alloc(0))] : []),
  ];
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(0x0001);
  header.writeUInt32BE(cookie, 4);
  randomBytes(12).copy(header, 8);
  // Both checks cover the header with the length it has once they are in (RFC 8489 §14.5, §14.7).
  const integrity = (): Buffer =>
    createHmac('sha1', password)
      .update(withLength([header, ...attributes], 24))
      .digest();
  attributes.push(encode(attribute.messageIntegrity, integrity()));
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE((crc32(withLength([header, ...attributes], 8)) ^ 0x5354_554e) >>> 0);
  attributes.push(encode(attribute.fingerprint, sum));
  return withLength([header, ...attributes], 0);
}

/** RFC 7983 §7: what shares the port with RTP and DTLS begins with 0 to 3 if it is STUN. */
export function isStun(datagram: Buffer): boolean {
  return datagram.length >= headerBytes && (datagram[0] ?? 255) < 4 && datagram.readUInt32BE(4) === cookie;
}

/** RFC 8489 §6: the class of the message is a success response. */
export function isSuccess(datagram: Buffer): boolean {
  return isStun(datagram) && datagram.readUInt16BE(0) === 0x0101;
}

function encode(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

function withLength(parts: readonly Buffer[], moreBytes: number): Buffer {
  const message = Buffer.concat(parts);
  message.writeUInt16BE(message.length - headerBytes + moreBytes, 2);
  return message;
}
