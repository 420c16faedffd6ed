import type { ResetId } from '../../server/protocol/ids.ts';
import type { ResetRequest } from '../../server/protocol/resets.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { refresher } from '../net/refresher.ts';
import type { RequestFunction } from '../net/request.ts';

/** Requests to reset the own account, by whoever claims to have lost all its keys. Acts throw a RequestError. */
export class ResetAlerts {
  readonly #request: RequestFunction;
  readonly #state = new Subject<readonly ResetRequest[]>([]);

  constructor({ request }: { readonly request: RequestFunction }) {
    this.#request = request;
  }

  /** Those that are still open. */
  get state(): Observable<readonly ResetRequest[]> {
    return this.#state;
  }

  readonly refresh = refresher(async () => {
    const { resets } = await this.#request('reset:own', {});
    this.#state.set(resets.filter(({ state }) => state === 'requested' || state === 'attested'));
  });

  async refuse(resetId: ResetId): Promise<void> {
    await this.#request('reset:refuse', { resetId });
    await this.refresh();
  }
}
