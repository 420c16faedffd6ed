import { createCipheriv } from 'node:crypto';

/** AEAD_AES_128_GCM (RFC 7714): what a sender makes of its packets. */

const keyBytes = 16;
const saltBytes = 12;
/** Of both directions, in the order client key, server key, client salt, server salt (RFC 5764 §4.2). */
export const keyingMaterialBytes = 2 * (keyBytes + saltBytes);

/** RFC 3711 §4.3.1, RFC 7714 §11. */
const label = { rtpKey: 0, rtpSalt: 2, rtcpKey: 3, rtcpSalt: 5 };

export class SrtpSender {
  readonly #rtpKey: Buffer;
  readonly #rtpSalt: Buffer;
  readonly #rtcpKey: Buffer;
  readonly #rtcpSalt: Buffer;
  #rtcpIndex = 0;

  /** The client's side of a DTLS handshake. */
  constructor(keyingMaterial: Buffer) {
    const key = keyingMaterial.subarray(0, keyBytes);
    const salt = keyingMaterial.subarray(2 * keyBytes, 2 * keyBytes + saltBytes);
    this.#rtpKey = derive(key, salt, label.rtpKey, keyBytes);
    this.#rtpSalt = derive(key, salt, label.rtpSalt, saltBytes);
    this.#rtcpKey = derive(key, salt, label.rtcpKey, keyBytes);
    this.#rtcpSalt = derive(key, salt, label.rtcpSalt, saltBytes);
  }

  /** RFC 7714 §8: `header` stays readable. The roll-over counter is 0: fewer than 65,536 packets. */
  protect(header: Buffer, payload: Buffer): Buffer {
    const iv = Buffer.alloc(saltBytes);
    header.copy(iv, 2, 8, 12);
    header.copy(iv, 10, 2, 4);
    return seal({ key: this.#rtpKey, iv: xor(iv, this.#rtpSalt), clear: header, aad: header, secret: payload });
  }

  /** RFC 7714 §9: the first eight bytes stay readable, the index follows. */
  protectControl(packet: Buffer): Buffer {
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32BE((0x8000_0000 | this.#rtcpIndex++) >>> 0);
    const iv = Buffer.alloc(saltBytes);
    packet.copy(iv, 2, 4, 8);
    iv.writeUInt32BE(trailer.readUInt32BE() & 0x7fff_ffff, 8);
    const clear = packet.subarray(0, 8);
    const aad = Buffer.concat([clear, trailer]);
    return Buffer.concat([seal({ key: this.#rtcpKey, iv: xor(iv, this.#rtcpSalt), clear, aad, secret: packet.subarray(8) }), trailer]);
  }
}

function seal({ key, iv, clear, aad, secret }: { key: Buffer; iv: Buffer; clear: Buffer; aad: Buffer; secret: Buffer }): Buffer {
  const cipher = createCipheriv('aes-128-gcm', key, iv);
  cipher.setAAD(aad);
  return Buffer.concat([clear, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

/** RFC 3711 §4.3.3: the key stream of AES in counter mode. */
function derive(masterKey: Buffer, masterSalt: Buffer, which: number, bytes: number): Buffer {
  const iv = Buffer.alloc(16);
  masterSalt.copy(iv);
  iv[7] = (iv[7] ?? 0) ^ which;
  return createCipheriv('aes-128-ctr', masterKey, iv).update(Buffer.alloc(bytes));
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));
}
