import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Database } from '../platform/database.ts';
import { type Base64Url, toBase64Url } from '../protocol/base64url.ts';
import type { Receipt } from '../protocol/conversations.ts';
import { receiptBytes, type ReceiptClaim } from '../protocol/receipt.ts';
import { ReceiptStore } from './receipt-store.ts';

/** The last bytes of an Ed25519 public key in SPKI (RFC 8410 §4) are the key itself. */
const publicKeyBytes = 32;

/**
 * Signs what has been stored. Native Ed25519, not libsodium: its signatures are the same (RFC 8032 is deterministic), at a third of
 * the cost; only where signatures are judged must both sides use one implementation.
 */
export class Receipts {
  readonly #database: Database;
  #key: Promise<KeyObject> | null = null;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
  }

  /** Reads the key, or makes it. Call before the first `sign`. */
  async ready(): Promise<KeyObject> {
    this.#key ??= this.#load();
    try {
      return await this.#key;
    } catch (error) {
      this.#key = null;
      throw error;
    }
  }

  /** What clients pin. */
  async publicKey(): Promise<Base64Url> {
    const spki = createPublicKey(await this.ready()).export({ type: 'spki', format: 'der' });
    return toBase64Url(new Uint8Array(spki.subarray(-publicKeyBytes)));
  }

  /** For what a commit has stored, and nothing else. */
  static sign(key: KeyObject, statement: ReceiptClaim): Receipt {
    const signature = sign(null, receiptBytes(statement), key);
    return { run: toBase64Url(statement.run), signature: toBase64Url(new Uint8Array(signature)) };
  }

  async #load(): Promise<KeyObject> {
    const made = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' });
    const kept = await new ReceiptStore(this.#database).keep(new Uint8Array(made));
    return createPrivateKey({ key: Buffer.from(kept), format: 'der', type: 'pkcs8' });
  }
}
