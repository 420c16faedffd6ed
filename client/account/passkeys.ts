import {
  startAuthentication,
  startRegistration,
  WebAuthnError,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/browser';

export class PasskeyError extends Error {
  override readonly name = 'PasskeyError';
  readonly reason: 'cancelled' | 'unsupported' | 'failed';

  constructor(reason: PasskeyError['reason'], options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

/** The two ceremonies. Both throw a PasskeyError; neither result carries PRF output. */
export interface Passkeys {
  create(options: PublicKeyCredentialCreationOptionsJSON): Promise<RegistrationResponseJSON>;
  get(options: PublicKeyCredentialRequestOptionsJSON): Promise<AuthenticationResponseJSON>;
}

export interface Ceremonies {
  readonly startRegistration: (options: { optionsJSON: PublicKeyCredentialCreationOptionsJSON }) => Promise<RegistrationResponseJSON>;
  readonly startAuthentication: (options: { optionsJSON: PublicKeyCredentialRequestOptionsJSON }) => Promise<AuthenticationResponseJSON>;
}

/** Passkeys of this browser, or of another authenticator for programs and tests. */
export function createPasskeys(ceremonies: Ceremonies = { startRegistration, startAuthentication }): Passkeys {
  return {
    create: async (optionsJSON) => {
      const extensions = { ...optionsJSON.extensions, prf: { eval: { first: await prfSalt() } } };
      try {
        return withoutPrfResults(await ceremonies.startRegistration({ optionsJSON: { ...optionsJSON, extensions } }));
      } catch {
        // Some authenticators refuse a ceremony only because it asks for PRF, with any error (crypto.md §7.1): PRF is never the only way in.
        return withoutPrfResults(await named(ceremonies.startRegistration({ optionsJSON })));
      }
    },
    get: async (optionsJSON) => withoutPrfResults(await named(ceremonies.startAuthentication({ optionsJSON }))),
  };
}

/** One constant salt (crypto.md §7.1). */
async function prfSalt(): Promise<ArrayBuffer> {
  return await crypto.subtle.digest('SHA-256', new TextEncoder().encode('gim1/prf'));
}

/** PRF output is key material: it must not leave the page, so it leaves the answer here, whoever asked for it. */
function withoutPrfResults<Response extends RegistrationResponseJSON | AuthenticationResponseJSON>(response: Response): Response {
  const { prf, ...extensions } = response.clientExtensionResults;
  const enabled = prf?.enabled;
  return { ...response, clientExtensionResults: enabled === undefined ? extensions : { ...extensions, prf: { enabled } } };
}

async function named<Value>(ceremony: Promise<Value>): Promise<Value> {
  try {
    return await ceremony;
  } catch (error) {
    throw new PasskeyError(reasonOf(error), { cause: error });
  }
}

/** The person's "no" and a time-out look alike on purpose (WebAuthn §14.5.1): both are `cancelled`. */
function reasonOf(error: unknown): PasskeyError['reason'] {
  if (error instanceof WebAuthnError && error.code === 'ERROR_CEREMONY_ABORTED') return 'cancelled';
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'AbortError') return 'cancelled';
  const supported = typeof PublicKeyCredential !== 'undefined';
  return name === 'NotSupportedError' || !supported ? 'unsupported' : 'failed';
}
