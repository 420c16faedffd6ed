import {
  startAuthentication,
  startRegistration,
  WebAuthnError,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/browser';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { prfSalt } from '../crypto/prf.ts';

const prfBytes = 32;

export class PasskeyError extends Error {
  override readonly name = 'PasskeyError';
  readonly reason: 'cancelled' | 'unsupported' | 'known' | 'failed';

  constructor(reason: PasskeyError['reason'], options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

/** What an authenticator said, for the server, and what its passkey evaluates to, for this page alone (WebAuthn's PRF extension). */
export interface PasskeyAnswer<Response> {
  /** Carries no PRF output. */
  readonly response: Response;
  /** 32 bytes, or null where the authenticator gave none. Key material: a candidate until compared (crypto.md §7.1). */
  readonly prf: Uint8Array | null;
}

export interface NewPasskey extends PasskeyAnswer<RegistrationResponseJSON> {
  /** Some authenticators say at the creation that they can, and give a value only at the use. */
  readonly offersPrf: boolean;
}

/** The ceremonies. Both throw a PasskeyError; neither `response` carries PRF output. */
export interface Passkeys {
  create(options: PublicKeyCredentialCreationOptionsJSON): Promise<NewPasskey>;
  get(options: PublicKeyCredentialRequestOptionsJSON): Promise<PasskeyAnswer<AuthenticationResponseJSON>>;
  /** The value of this one passkey once more; its assertion is for nobody. Null when it gives none, whatever the reason. */
  evaluatePrf(credentialId: string, rpId: string | undefined): Promise<Uint8Array | null>;
}

export interface Ceremonies {
  readonly startRegistration: (options: { optionsJSON: PublicKeyCredentialCreationOptionsJSON }) => Promise<RegistrationResponseJSON>;
  readonly startAuthentication: (options: { optionsJSON: PublicKeyCredentialRequestOptionsJSON }) => Promise<AuthenticationResponseJSON>;
}

/** Some authenticators refuse a ceremony only because it asks for PRF, and say it as if the person had cancelled (crypto.md §7.1). */
const refusalsUntilWithout = 2;

/** Passkeys of this browser, or of another authenticator for programs and tests. */
export function createPasskeys(ceremonies: Ceremonies = { startRegistration, startAuthentication }): Passkeys {
  let refusals = 0;
  const authenticate = async (optionsJSON: PublicKeyCredentialRequestOptionsJSON) =>
    withoutPrfResults(await named(ceremonies.startAuthentication({ optionsJSON })));
  return {
    create: async (optionsJSON) => {
      try {
        return created(await ceremonies.startRegistration({ optionsJSON: await askingForPrf(optionsJSON) }));
      } catch (error) {
        if (reasonOf(error) === 'known') throw new PasskeyError('known', { cause: error });
        // PRF is never the only way in: with any other error once more without it.
        return created(await named(ceremonies.startRegistration({ optionsJSON })));
      }
    },
    get: async (optionsJSON) => {
      if (refusals >= refusalsUntilWithout) return await authenticate(optionsJSON);
      try {
        const answer = await authenticate(await askingForPrf(optionsJSON));
        refusals = 0;
        return answer;
      } catch (error) {
        refusals += 1;
        if (error instanceof PasskeyError && error.reason === 'cancelled') throw error;
        return await authenticate(optionsJSON);
      }
    },
    evaluatePrf: async (credentialId, rpId) => {
      const optionsJSON: PublicKeyCredentialRequestOptionsJSON = {
        challenge: toBase64Url(crypto.getRandomValues(new Uint8Array(32))),
        allowCredentials: [{ id: credentialId, type: 'public-key' }],
        userVerification: 'required',
        ...(rpId === undefined ? {} : { rpId }),
      };
      try {
        const { response, prf } = await authenticate(await askingForPrf(optionsJSON));
        return response.id === credentialId ? prf : null;
      } catch {
        return null;
      }
    },
  };
}

/** One constant salt, and never by credential (crypto.md §7.1). */
async function askingForPrf<Options extends PublicKeyCredentialCreationOptionsJSON | PublicKeyCredentialRequestOptionsJSON>(
  options: Options,
) {
  return { ...options, extensions: { ...options.extensions, prf: { eval: { first: await prfSalt() } } } };
}

function created(credential: RegistrationResponseJSON): NewPasskey {
  return { ...withoutPrfResults(credential), offersPrf: credential.clientExtensionResults.prf?.enabled === true };
}

/** PRF output is key material: it must not leave the page, so it leaves the answer here, whoever asked for it. */
function withoutPrfResults<Response extends RegistrationResponseJSON | AuthenticationResponseJSON>(
  credential: Response,
): PasskeyAnswer<Response> {
  const { prf, ...extensions } = credential.clientExtensionResults;
  const enabled = prf?.enabled;
  const clientExtensionResults = enabled === undefined ? extensions : { ...extensions, prf: { enabled } };
  return { response: { ...credential, clientExtensionResults }, prf: bytesOf(prf?.results?.first) };
}

function bytesOf(value: unknown): Uint8Array | null {
  const bytes =
    value instanceof ArrayBuffer
      ? new Uint8Array(value.slice(0))
      : ArrayBuffer.isView(value)
        ? new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength))
        : null;
  return bytes?.length === prfBytes ? bytes : null;
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
  // Only at a creation: this authenticator holds a passkey of the account already.
  if (name === 'InvalidStateError') return 'known';
  if (name === 'NotAllowedError' || name === 'AbortError') return 'cancelled';
  const supported = typeof PublicKeyCredential !== 'undefined';
  return name === 'NotSupportedError' || !supported ? 'unsupported' : 'failed';
}
