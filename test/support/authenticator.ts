import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { encode } from 'cborg';

/** What an attacker, or a broken authenticator, does otherwise. Everything left out is as it should be. */
export interface Tampering {
  readonly origin?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  readonly rpId?: string;
  /** Flag bits to turn over. */
  readonly flipFlags?: number;
  readonly counter?: number;
  /** Null leaves it out. */
  readonly userHandle?: string | null;
  readonly signature?: string;
  readonly attestationObject?: Uint8Array;
  readonly credentialId?: Uint8Array;
  /** In the place of the authenticator's own key. */
  readonly coseKey?: Uint8Array;
}

/** Flags of authenticator data (WebAuthn §6.1). */
export const flags = { userPresent: 0x01, userVerified: 0x04, backupEligible: 0x08, backedUp: 0x10, attested: 0x40 } as const;

type Algorithm = 'ES256' | 'EdDSA';

/** A software authenticator: makes genuine registrations and assertions, and forged ones on demand. Counts its uses unless it synchronises. */
export class Authenticator {
  readonly origin: string;
  readonly credentialId: Uint8Array;
  readonly #algorithm: Algorithm;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #synchronises: boolean;
  #handle = '';
  #counter = 0;

  constructor({ origin, algorithm = 'ES256', synchronises = false }: { origin: string; algorithm?: Algorithm; synchronises?: boolean }) {
    this.origin = origin;
    this.#algorithm = algorithm;
    this.#synchronises = synchronises;
    this.credentialId = randomBytes(32);
    const pair = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
  }

  create(options: PublicKeyCredentialCreationOptionsJSON, tampering: Tampering = {}): RegistrationResponseJSON {
    this.#handle = options.user.id;
    const clientData = this.#clientData('webauthn.create', options.challenge, tampering);
    const credentialId = tampering.credentialId ?? this.credentialId;
    const authData = this.#authData(tampering, flags.attested, [
      new Uint8Array(16),
      Uint8Array.of(credentialId.length >> 8, credentialId.length & 255),
      credentialId,
      tampering.coseKey ?? this.#coseKey(),
    ]);
    // WebAuthn's maps are written with text keys; the order is CTAP2's.
    const attestationObject =
      tampering.attestationObject ??
      encode(
        new Map<string, unknown>([
          ['fmt', 'none'],
          ['attStmt', new Map()],
          ['authData', authData],
        ]),
      );
    return {
      ...this.#credential(credentialId),
      response: { clientDataJSON: text(clientData), attestationObject: text(attestationObject), transports: ['internal'] },
    };
  }

  get(options: PublicKeyCredentialRequestOptionsJSON, tampering: Tampering = {}): AuthenticationResponseJSON {
    const clientData = this.#clientData('webauthn.get', options.challenge, tampering);
    const authData = this.#authData(tampering, 0, []);
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()]);
    const signature = sign(this.#algorithm === 'ES256' ? 'sha256' : null, signed, this.#privateKey);
    const { userHandle = this.#handle } = tampering;
    return {
      ...this.#credential(tampering.credentialId ?? this.credentialId),
      response: {
        clientDataJSON: text(clientData),
        authenticatorData: text(authData),
        signature: tampering.signature ?? text(signature),
        ...(userHandle === null ? {} : { userHandle }),
      },
    };
  }

  #credential(credentialId: Uint8Array) {
    return { id: text(credentialId), rawId: text(credentialId), type: 'public-key' as const, clientExtensionResults: {} };
  }

  #clientData(type: string, challenge: string, { origin = this.origin, crossOrigin = false, topOrigin, ...forged }: Tampering): Uint8Array {
    return Buffer.from(
      JSON.stringify({
        type: forged.type ?? type,
        challenge: forged.challenge ?? challenge,
        origin,
        crossOrigin,
        ...(topOrigin === undefined ? {} : { topOrigin }),
      }),
    );
  }

  #authData(
    { rpId = new URL(this.origin).hostname, flipFlags = 0, counter }: Tampering,
    more: number,
    attested: readonly Uint8Array[],
  ): Uint8Array {
    if (!this.#synchronises) this.#counter += 1;
    const synchronised = this.#synchronises ? flags.backupEligible | flags.backedUp : 0;
    const head = Buffer.alloc(5);
    head.writeUInt8((flags.userPresent | flags.userVerified | synchronised | more) ^ flipFlags);
    head.writeUInt32BE(counter ?? this.#counter, 1);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), head, ...attested]);
  }

  /** COSE_Key (RFC 9053): EC2 on P-256, or OKP with Ed25519. */
  #coseKey(): Uint8Array {
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' });
    const fields: [number, number | Uint8Array][] =
      this.#algorithm === 'ES256'
        ? [
            [1, 2],
            [3, -7],
            [-1, 1],
            [-2, fromText(x)],
            [-3, fromText(y)],
          ]
        : [
            [1, 1],
            [3, -8],
            [-1, 6],
            [-2, fromText(x)],
          ];
    return encode(new Map<number, unknown>(fields));
  }
}

function fromText(base64url: string): Uint8Array {
  return Buffer.from(base64url, 'base64url');
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
