import type { OfficeView } from '../../server/protocol/offices.ts';
import { Subject, type Observable } from '../net/observable.ts';

export interface OfficeListState {
  /** Null before the first answer. */
  readonly offices: readonly OfficeView[] | null;
  /** When `offices` came, on this device's clock; 0 before. */
  readonly loadedAt: number;
  /** Whether the last attempt failed: what is shown may be out of date. */
  readonly failed: boolean;
}

const refreshMs = 20_000;

/** The offices with their services, hours and waits; kept fresh while somebody looks. */
export class OfficeList {
  readonly #load: () => Promise<readonly OfficeView[]>;
  readonly #state = new Subject<OfficeListState>({ offices: null, loadedAt: 0, failed: false });
  #viewers = 0;
  #loading: Promise<void> | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(load: () => Promise<readonly OfficeView[]>) {
    this.#load = load;
  }

  get state(): Observable<OfficeListState> {
    return this.#state;
  }

  /** Asks now; whoever asks meanwhile waits for the same answer. Never rejects: a failure is in the state. */
  refresh(): Promise<void> {
    this.#loading ??= this.#ask().finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** Loads once, if that has not happened yet. */
  async ensure(): Promise<void> {
    if (this.#state.value.offices === null) await this.refresh();
  }

  /** Asks every 20 s while the page is visible, until the returned function is called. */
  keepFresh(): () => void {
    this.#viewers += 1;
    if (this.#viewers === 1) this.#start();
    return () => {
      this.#viewers -= 1;
      if (this.#viewers === 0) this.#stop();
    };
  }

  readonly #refreshIfVisible = (): void => {
    if (document.visibilityState === 'visible') void this.refresh();
  };

  #start(): void {
    this.#refreshIfVisible();
    this.#timer = setInterval(this.#refreshIfVisible, refreshMs);
    document.addEventListener('visibilitychange', this.#refreshIfVisible);
  }

  #stop(): void {
    clearInterval(this.#timer);
    document.removeEventListener('visibilitychange', this.#refreshIfVisible);
  }

  async #ask(): Promise<void> {
    try {
      this.#state.set({ offices: await this.#load(), loadedAt: Date.now(), failed: false });
    } catch {
      // Whatever went wrong, the next round asks again; the page says that it may be out of date.
      this.#state.set({ ...this.#state.value, failed: true });
    }
  }
}
