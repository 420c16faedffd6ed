import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { newId, type ResetId } from '../../server/protocol/ids.ts';
import type { ResetRequest } from '../../server/protocol/resets.ts';
import { decodeResetDraft } from '../../server/protocol/reset-statement.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import { createDevice, deviceFromSeed, type DeviceKeys } from '../crypto/device.ts';
import { draftReset, finishReset } from '../crypto/reset.ts';
import { resetNumber } from '../crypto/reset-number.ts';
import type { Http } from '../net/http.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { toSignedLink } from '../net/wire.ts';
import type { KeptNewStart, NewStartKeys, NewStartStore } from '../storage/new-start-store.ts';

export type NewStartFailure =
  /** Refused by a registrar or by a device of the account, given up, or its time is over. */
  | 'cancelled'
  /** The account's chain does not verify, or it has changed since. */
  | 'unusable'
  | 'not-open';

export type NewStartState =
  | { readonly step: 'loading' }
  | { readonly step: 'asking' }
  /** `number`: what to tell the registrar. */
  | { readonly step: 'asked'; readonly number: string }
  /** `compare`: what the registrar must see too, before signing. */
  | { readonly step: 'comparing'; readonly number: string; readonly compare: string; readonly signatures: number }
  | { readonly step: 'waiting'; readonly notBefore: number; readonly compare: string }
  | { readonly step: 'passkey' }
  | { readonly step: 'opening' }
  | { readonly step: 'done' }
  | { readonly step: 'failed'; readonly failure: NewStartFailure };

/** The account goes on with this device. */
export interface StartedAnew {
  readonly resetId: ResetId;
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
}

export interface NewStartOptions {
  readonly http: Http;
  readonly store: NewStartStore;
  /** Whether somebody is signed in here, without keys. */
  readonly isSignedIn: () => boolean;
  readonly open: (started: StartedAnew) => Promise<boolean>;
  readonly openWithPasskey: (started: StartedAnew, onceMore: () => void) => Promise<boolean>;
  readonly now: () => number;
}

/** For somebody who has lost all keys: two registrars vouch for the person, and after a delay the account goes on with this browser. */
export class NewStart {
  readonly #options: NewStartOptions;
  readonly #state = new Subject<NewStartState>({ step: 'loading' });
  #kept: KeptNewStart | null = null;
  #isClosed = false;
  readonly #closing = Promise.withResolvers<void>();

  constructor(options: NewStartOptions) {
    this.#options = options;
  }

  get state(): Observable<NewStartState> {
    return this.#state;
  }

  /** Goes on where this browser was, if it had asked before. Resolves when a person has something to do. Throws a RequestError. */
  async resume(): Promise<void> {
    this.#kept = await this.#options.store.load();
    if (this.#kept === null) return this.#state.set({ step: 'asking' });
    await this.#follow();
  }

  /** `about`: a reference of one of the person's conversations; null when the session says whose account it is. Throws a RequestError. */
  async ask(about: string | null): Promise<void> {
    const { http, store } = this.#options;
    const resetId: ResetId = newId();
    const { number } = await http('POST /api/resets', { resetId, about });
    this.#kept = { resetId, number, keys: null };
    await store.save(this.#kept);
    await this.#follow();
  }

  async cancel(): Promise<void> {
    const kept = this.#kept;
    await this.#forget();
    this.#state.set({ step: 'asking' });
    try {
      if (kept) await this.#options.http('POST /api/resets/cancel', { resetId: kept.resetId });
    } catch (error) {
      // It ends by itself when its time is over.
      if (!(error instanceof RequestError)) throw error;
    }
  }

  /** Call it from a click. Throws a PasskeyError or a RequestError. */
  async createPasskey(onceMore: () => void): Promise<void> {
    const started = this.#started();
    if (started) await this.#arrive(await this.#options.openWithPasskey(started, onceMore));
  }

  /** The page goes; the request stays. */
  close(): void {
    this.#isClosed = true;
    this.#closing.resolve();
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed && this.#kept !== null) {
      if (await this.#look(this.#kept)) return;
      // A day's delay needs no look every few seconds.
      const pauseMs = this.#state.value.step === 'waiting' ? 30_000 : 3_000;
      await this.#pause(pauseMs);
    }
  }

  async #pause(pauseMs: number): Promise<void> {
    const pause = Promise.withResolvers<void>();
    const timer = setTimeout(pause.resolve, pauseMs);
    await Promise.race([pause.promise, this.#closing.promise]);
    clearTimeout(timer);
  }

  /** Whether there is nothing more to wait for. */
  async #look(kept: KeptNewStart): Promise<boolean> {
    try {
      const { reset, links } = await this.#options.http('POST /api/resets/status', { resetId: kept.resetId });
      return await this.#take(kept, reset, links.map(fromBase64Url));
    } catch (error) {
      // A line that is down for a moment ends nothing; too early by the server's clock neither.
      if (error instanceof RequestError && (error.retryable || error.code === 'bad_state')) return false;
      const isOver = error instanceof CryptoError || (error instanceof RequestError && ['not_found', 'conflict'].includes(error.code));
      if (isOver) return await this.#fail(error instanceof RequestError && error.code === 'not_found' ? 'cancelled' : 'unusable');
      throw error;
    }
  }

  async #take(kept: KeptNewStart, reset: ResetRequest, links: readonly Uint8Array[]): Promise<boolean> {
    if (reset.state === 'cancelled') return await this.#fail('cancelled');
    if (reset.state === 'done') return await this.#open();
    if (reset.accountId === null) {
      this.#state.set({ step: 'asked', number: kept.number });
      return false;
    }
    const keys = kept.keys ?? (await this.#draft(kept, fromBase64Url(reset.accountId), links));
    const compare = resetNumber(keys.draft);
    if (reset.notBefore === null) {
      this.#state.set({ step: 'comparing', number: kept.number, compare, signatures: reset.attestations.length });
      return false;
    }
    this.#state.set({ step: 'waiting', notBefore: reset.notBefore, compare });
    if (this.#options.now() < reset.notBefore) return false;
    await this.#finish(kept.resetId, keys, reset, reset.notBefore);
    return await this.#open();
  }

  /** New keys for the account, kept before anybody is asked to sign them. */
  async #draft(kept: KeptNewStart, userId: Uint8Array, links: readonly Uint8Array[]): Promise<NewStartKeys> {
    const { http, store } = this.#options;
    const device = createDevice('browser');
    const { draft, box } = draftReset({ state: replayUserChain(links, userId), device });
    const keys = { seed: device.seed, draft, box };
    await http('POST /api/resets/draft', { resetId: kept.resetId, draft: toBase64Url(draft) });
    this.#kept = { ...kept, keys };
    await store.save(this.#kept);
    return keys;
  }

  async #finish(resetId: ResetId, { seed, draft, box }: NewStartKeys, reset: ResetRequest, notBefore: number): Promise<void> {
    const { http, now } = this.#options;
    const attestations = reset.attestations.map(({ attestation }) => fromBase64Url(attestation));
    const device = deviceFromSeed(seed, 'browser');
    const link = finishReset({ draft, box, attestations, notBefore, device, createdAt: now() });
    await http('POST /api/resets/finish', { resetId, link: toSignedLink(link) });
  }

  async #open(): Promise<boolean> {
    const started = this.#started();
    if (!started) return await this.#fail('unusable');
    if (!this.#options.isSignedIn()) {
      this.#state.set({ step: 'passkey' });
      return true;
    }
    this.#state.set({ step: 'opening' });
    await this.#arrive(await this.#options.open(started));
    return true;
  }

  async #arrive(isOpen: boolean): Promise<void> {
    if (!isOpen) return void (await this.#fail('not-open'));
    await this.#forget();
    this.#state.set({ step: 'done' });
  }

  #started(): StartedAnew | null {
    const kept = this.#kept;
    if (!kept?.keys) return null;
    const { userId } = decodeResetDraft(kept.keys.draft);
    return { resetId: kept.resetId, userId, device: deviceFromSeed(Uint8Array.from(kept.keys.seed), 'browser') };
  }

  async #fail(failure: NewStartFailure): Promise<true> {
    // What is done at the server opens with these keys and no others.
    if (failure !== 'not-open') await this.#forget();
    this.#state.set({ step: 'failed', failure });
    return true;
  }

  async #forget(): Promise<void> {
    this.#kept = null;
    await this.#options.store.remove();
  }
}
