import type { OpenSessionView } from '../../server/protocol/accounts.ts';
import type { SessionId } from '../../server/protocol/ids.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { refresher } from '../net/refresher.ts';
import type { RequestFunction } from '../net/request.ts';

/** Where the account is signed in. Acts throw a RequestError. */
export class OpenSessions {
  readonly #request: RequestFunction;
  readonly #state = new Subject<readonly OpenSessionView[]>([]);

  constructor({ request }: { readonly request: RequestFunction }) {
    this.#request = request;
  }

  /** This one first, then those used last. */
  get state(): Observable<readonly OpenSessionView[]> {
    return this.#state;
  }

  readonly refresh = refresher(async () => {
    const { sessions } = await this.#request('session:list', {});
    this.#state.set(
      sessions.toSorted((left, right) => Number(right.isCurrent) - Number(left.isCurrent) || right.lastSeenAt - left.lastSeenAt),
    );
  });

  async end(sessionId: SessionId): Promise<void> {
    await this.#request('session:end', { sessionId });
    await this.refresh();
  }

  /** How many were ended. */
  async endOthers(): Promise<number> {
    const { ended } = await this.#request('session:end-others', {});
    await this.refresh();
    return ended;
  }
}
