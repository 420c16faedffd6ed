import type { SessionView } from '../../server/protocol/accounts.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { Http } from '../net/http.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { untilAnswered } from '../net/until-answered.ts';

/** What comes to life with a sign-in and ends with it. */
export interface Closable {
  close(): void;
}

export type SignedOutReason = 'none' | 'signed-out' | 'expired' | 'revoked' | 'locked';

/**
 * Why an account does not open here. `locked`: its keys are, under its passkey. `no-keys`: they are elsewhere. `passkey-cannot`: the same,
 * and the passkey that was just used does not stand for a device of the account; `code-cannot`: so with the recovery code. `weak-passkey`: the office's policy wants keys under a passkey.
 */
export type Obstacle = 'locked' | 'no-keys' | 'passkey-cannot' | 'code-cannot' | 'weak-passkey';

/** The account, and the session as it is by now: it may have been bound to a device meanwhile. */
export interface Opened<Messenger> {
  readonly session: SessionView;
  readonly messenger: Messenger;
}

export type SessionState<Messenger> =
  /** The server has not answered yet. */
  | { readonly state: 'starting' }
  | { readonly state: 'signed-out'; readonly reason: SignedOutReason }
  | { readonly state: 'signed-in'; readonly session: SessionView; readonly messenger: Messenger }
  /** Signed in, but this browser holds no usable keys of the account: it can read and write nothing. */
  | { readonly state: 'no-keys'; readonly session: SessionView; readonly because: Exclude<Obstacle, 'locked'> };

export interface SessionOptions<Messenger> {
  readonly http: Http;
  /** Brings the account to life. */
  readonly open: (session: SessionView) => Promise<Opened<Messenger> | Obstacle>;
  readonly line: { open(): void; close(): void };
}

/** Who is signed in on this page, and everything that lives only as long. */
export class Session<Messenger extends Closable> {
  readonly #options: SessionOptions<Messenger>;
  readonly #state = new Subject<SessionState<Messenger>>({ state: 'starting' });
  /** Counts sign-ins and sign-outs, so that what one began does not end in another. */
  #turn = 0;

  constructor(options: SessionOptions<Messenger>) {
    this.#options = options;
  }

  get state(): Observable<SessionState<Messenger>> {
    return this.#state;
  }

  /** Asks the server who is signed in, until it answers. */
  async resume(): Promise<void> {
    const turn = this.#turn;
    const isWanted = () => turn === this.#turn;
    try {
      const session = await untilAnswered(async () => await this.#options.http('GET /api/session'), isWanted);
      if (session && isWanted()) return await this.begin(session);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
    if (isWanted()) this.end('none');
  }

  /** The server has opened a session. Resolves when the account is at hand, or is known to have no keys here. */
  async begin(session: SessionView): Promise<void> {
    this.#leave();
    const turn = this.#turn;
    this.#options.line.open();
    const opened = await untilAnswered(
      async () => await this.#openAccount(session),
      () => turn === this.#turn,
    );
    if (typeof opened === 'object') {
      if (turn === this.#turn) this.#state.set({ state: 'signed-in', ...opened });
      else opened.messenger.close();
    } else if (turn === this.#turn) {
      if (opened === 'locked') this.end('locked');
      else this.#state.set({ state: 'no-keys', session, because: opened });
    }
  }

  async #openAccount(session: SessionView): Promise<Opened<Messenger> | Obstacle> {
    try {
      return await this.#options.open(session);
    } catch (error) {
      // The own chain does not verify, or its keys do not open here: an alarm says so, and there are no keys to work with.
      if (error instanceof CryptoError) return 'no-keys';
      throw error;
    }
  }

  /** The session is over: keys leave memory, the line is closed. */
  end(reason: SignedOutReason): void {
    this.#leave();
    this.#state.set({ state: 'signed-out', reason });
  }

  #leave(): void {
    this.#turn += 1;
    const present = this.#state.value;
    if (present.state === 'signed-in') present.messenger.close();
    this.#options.line.close();
  }
}
