import { randomBytes, createHmac } from 'node:crypto';
import type { AuthenticationResponseJSON, PublicKeyCredentialRequestOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/browser';
import { createPasskeys, type Passkeys } from '../../client/account/passkeys.ts';
import type { Authenticator } from './authenticator.ts';

/** How an authenticator evaluates its passkey's PRF: as it should, not at all, another value each time, or only when it is used. */
export type PrfManner = 'stable' | 'none' | 'changing' | 'only-at-use' | 'refuses';

/** The client's passkeys in a software authenticator; who holds it may change its manners. */
export class SoftwarePasskeys {
  readonly authenticator: Authenticator;
  manner: PrfManner;
  #secret = randomBytes(32);
  /** What was sent to the server would have to come through here. */
  readonly outputs: Uint8Array[] = [];

  constructor(authenticator: Authenticator, manner: PrfManner = 'stable') {
    this.authenticator = authenticator;
    this.manner = manner;
  }

  get passkeys(): Passkeys {
    return createPasskeys({
      startRegistration: async ({ optionsJSON }) => {
        this.#refuse(optionsJSON.extensions);
        return this.#answer(this.authenticator.create(optionsJSON), optionsJSON.extensions, this.manner !== 'only-at-use');
      },
      startAuthentication: async ({ optionsJSON }) => {
        this.#refuse(optionsJSON.extensions);
        return this.#answer(this.authenticator.get(optionsJSON), optionsJSON.extensions, true);
      },
    });
  }

  /** The passkey's value from now on is another one, as after a synchronisation gone wrong. */
  forgetSecret(): void {
    this.#secret = randomBytes(32);
  }

  #refuse(extensions: PublicKeyCredentialRequestOptionsJSON['extensions']): void {
    if (this.manner === 'refuses' && extensions?.prf) throw new DOMException('no', 'UnknownError');
  }

  #answer<Response extends RegistrationResponseJSON | AuthenticationResponseJSON>(
    response: Response,
    extensions: PublicKeyCredentialRequestOptionsJSON['extensions'],
    gives: boolean,
  ): Response {
    const salt = extensions?.prf?.eval?.first;
    if (!(salt instanceof ArrayBuffer) || this.manner === 'none') return response;
    if (this.manner === 'changing') this.forgetSecret();
    const first = Uint8Array.from(createHmac('sha256', this.#secret).update(new Uint8Array(salt)).digest());
    this.outputs.push(first);
    return {
      ...response,
      clientExtensionResults: { prf: { enabled: true, ...(gives ? { results: { first: first.buffer } } : {}) } },
    };
  }
}
