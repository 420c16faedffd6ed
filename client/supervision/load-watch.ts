import type { LoadFigures } from '../../server/protocol/supervision.ts';
import { askWhenBack } from '../net/ask-when-back.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { Subject, type Observable } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';

export interface LoadState {
  /** Null before the first answer. */
  readonly figures: LoadFigures | null;
  /** How far the server's clock is ahead of this device's, in ms. */
  readonly clockAheadMs: number;
  /** Null while the figures are live; else when they last were, by this device's clock. */
  readonly lostAt: number | null;
}

/** The figures of the office, live: asked for at the start and after every loss of the line, told as they change. */
export class LoadWatch {
  readonly #state = new Subject<LoadState>({ figures: null, clockAheadMs: 0, lostAt: null });
  readonly #stops: readonly (() => void)[];

  constructor({
    request,
    on,
    line,
  }: {
    readonly request: RequestFunction;
    readonly on: Subscribe;
    readonly line: Observable<ConnectionState>;
  }) {
    this.#stops = [
      on('load:changed', (figures) => this.#adopt(figures)),
      line.subscribe(({ status, since }) => {
        if (status !== 'connected' && this.#state.value.lostAt === null) this.#state.set({ ...this.#state.value, lostAt: since });
      }),
      askWhenBack({ connection: line }, async () => this.#adopt(await request('load:watch', {}))).stop,
    ];
  }

  get state(): Observable<LoadState> {
    return this.#state;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #adopt(figures: LoadFigures): void {
    this.#state.set({ figures, clockAheadMs: figures.at - Date.now(), lostAt: null });
  }
}
