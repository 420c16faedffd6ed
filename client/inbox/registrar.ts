import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { ErrorCode } from '../../server/protocol/errors.ts';
import { type AccountId, idOf, type ResetId } from '../../server/protocol/ids.ts';
import { mayWrite } from '../../server/protocol/inbox-rules.ts';
import { findMembership } from '../../server/protocol/inbox-state.ts';
import type { ResetRequest } from '../../server/protocol/resets.ts';
import { type ResetContext, verifyAttestation } from '../../server/protocol/reset-statement.ts';
import { CryptoError, ensure } from '../../server/protocol/sodium.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { attestReset } from '../crypto/reset.ts';
import { resetNumber } from '../crypto/reset-number.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { refresher } from '../net/refresher.ts';
import type { RequestFunction } from '../net/request.ts';
import type { Subscribe } from '../net/subscribe.ts';
import type { People } from './membership.ts';

export interface RegistrarState {
  /** `outside`: the registrars' inbox does not list the account. */
  readonly phase: 'loading' | 'ready' | 'outside';
  readonly failure: ErrorCode | 'unverified' | null;
  /** Open ones, the newest first. */
  readonly requests: readonly OpenReset[];
}

/** A request as this client has judged it. */
export interface OpenReset extends ResetRequest {
  /** For the person to compare with the screen of the one who asks; null until there is a draft. */
  readonly number: string | null;
  /** Registrars whose signatures verify. */
  readonly signedBy: readonly { readonly accountId: AccountId; readonly displayName: string }[];
  readonly hasBadSignature: boolean;
  readonly isSignedByMe: boolean;
  /** Nobody attests his own reset. */
  readonly isOwn: boolean;
}

export interface RegistrarOptions {
  readonly own: { readonly userId: Uint8Array; readonly device: DeviceKeys };
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly people: People;
  /** The registrars' inbox with its people. Throws a CryptoError (`unknown_chain` where there is none) or a RequestError. */
  readonly loadRegistrars: (options: { readonly fresh: boolean }) => Promise<ResetContext>;
  readonly now: () => number;
}

/** Requests of people who have lost all keys, for those who may vouch for them. Acts throw a CryptoError or a RequestError. */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #state = new Subject<RegistrarState>({ phase: 'loading', failure: null, requests: [] });
  readonly #stop: () => void;
  /** Never throws: `failure` says what went wrong. */
  readonly refresh = refresher(async () => await this.#read());

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#stop = options.on('reset:requested', () => void this.refresh());
  }

  get state(): Observable<RegistrarState> {
    return this.#state;
  }

  async #read(): Promise<void> {
    try {
      const context = await this.#options.loadRegistrars({ fresh: true });
      const own = context.registrars && findMembership(context.registrars, this.#options.own.userId);
      if (!own || !mayWrite(own.role)) return this.#state.set({ phase: 'outside', failure: null, requests: [] });
      const { resets } = await this.#options.request('reset:list', {});
      await this.#options.people.load(resets.flatMap(({ attestations }) => attestations.map(({ registrarId }) => registrarId)));
      this.#state.set({ phase: 'ready', failure: null, requests: resets.map((reset) => this.#judge(reset, context)) });
    } catch (error) {
      const failure = failureOf(error);
      this.#state.set(failure === 'none' ? { phase: 'outside', failure: null, requests: [] } : { ...this.#state.value, failure });
    }
  }

  /** Looks at the request with this number: the person's page learns whose account it is and makes its new keys. */
  async find(number: string): Promise<ResetId> {
    const { reset } = await this.#options.request('reset:find', { number });
    await this.refresh();
    return reset.resetId;
  }

  /** Signs that the account is the person's who shows this draft: the one that was compared, and no other. */
  async attest({ resetId, accountId, draft }: OpenReset): Promise<void> {
    const { own, people, loadRegistrars, request, now } = this.#options;
    ensure(accountId !== null && draft !== null, 'not_allowed', 'nothing to be signed yet');
    const { registrars } = await loadRegistrars({ fresh: true });
    await people.load([accountId], { maxAgeMs: 0 });
    const state = people.find(accountId)?.chain;
    ensure(registrars !== null && state !== undefined, 'unknown_chain', 'the account, or the registrars, do not verify');
    const signer = { userId: own.userId, device: own.device, createdAt: now() };
    const attestation = attestReset({ draft: fromBase64Url(draft), state, registrars, signer });
    await request('reset:attest', { resetId, attestation: toBase64Url(attestation) });
    await this.refresh();
  }

  async refuse(resetId: ResetId): Promise<void> {
    await this.#options.request('reset:refuse', { resetId });
    await this.refresh();
  }

  close(): void {
    this.#stop();
  }

  #judge(reset: ResetRequest, context: ResetContext): OpenReset {
    const { draft, attestations, accountId } = reset;
    const own = idOf<'account'>(this.#options.own.userId);
    const valid = attestations.filter(({ attestation, registrarId }) => isValid(draft, attestation, registrarId, context));
    return {
      ...reset,
      number: draft === null ? null : resetNumber(fromBase64Url(draft)),
      signedBy: valid.map(({ registrarId }) => ({
        accountId: registrarId,
        displayName: this.#options.people.find(registrarId)?.displayName ?? '',
      })),
      hasBadSignature: valid.length < attestations.length,
      isSignedByMe: valid.some(({ registrarId }) => registrarId === own),
      isOwn: accountId === own,
    };
  }
}

function isValid(draft: string | null, attestation: string, registrarId: AccountId, context: ResetContext): boolean {
  if (draft === null) return false;
  try {
    const { registrarId: signer } = verifyAttestation(fromBase64Url(draft), fromBase64Url(attestation), context);
    return idOf<'account'>(signer) === registrarId;
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

/** `none`: there are no registrars here, or the server knows the account as none of them. */
function failureOf(error: unknown): NonNullable<RegistrarState['failure']> | 'none' {
  if (error instanceof CryptoError) return error.code === 'unknown_chain' ? 'none' : 'unverified';
  if (!(error instanceof RequestError)) throw error;
  return error.code === 'forbidden' ? 'none' : error.code;
}
