/** The same as the server's idle limit for staff. */
export const staffIdleMs = 15 * 60_000;

/** Calls its listener at every sign of a person; returns what ends it. */
export type WatchInput = (onInput: () => void) => () => void;

export interface IdleLock {
  /** Begins to count. */
  start(): void;
  stop(): void;
  /** Somebody was there, in this tab or another. */
  touch(): void;
}

/** Ends what nobody attends to. A device that slept is judged by the clock when it wakes, before anybody can read on. */
export function createIdleLock({
  idleMs,
  watchInput,
  isBusy,
  onIdle,
  onInput,
}: {
  readonly idleMs: number;
  readonly watchInput: WatchInput;
  /** In a call nobody types. */
  readonly isBusy: () => boolean;
  readonly onIdle: () => void;
  /** For the other tabs; at most every `tellEveryMs`. */
  readonly onInput: () => void;
}): IdleLock {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let touchedAt = 0;
  let toldAt = 0;
  let stopInput: (() => void) | null = null;

  const stop = (): void => {
    clearTimeout(timer);
    stopInput?.();
    stopInput = null;
  };
  const check = (): void => {
    clearTimeout(timer);
    if (isBusy()) touchedAt = Date.now();
    const leftMs = touchedAt + idleMs - Date.now();
    if (leftMs > 0) {
      timer = setTimeout(check, leftMs);
      return;
    }
    stop();
    onIdle();
  };
  const input = (): void => {
    const isLate = Date.now() - touchedAt >= idleMs;
    // The first key after a long sleep comes too late to count.
    if (isLate) return check();
    touchedAt = Date.now();
    if (touchedAt - toldAt < tellEveryMs) return;
    toldAt = touchedAt;
    onInput();
  };
  return {
    start: () => {
      stop();
      touchedAt = Date.now();
      stopInput = watchInput(input);
      check();
    },
    stop,
    touch: () => (touchedAt = Date.now()),
  };
}

const tellEveryMs = 10_000;

const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'visibilitychange', 'focus'] as const;

/** On this page. */
export const watchPage: WatchInput = (onInput) => {
  const listen: AddEventListenerOptions = { capture: true, passive: true };
  for (const sign of signs) addEventListener(sign, onInput, listen);
  return () => {
    for (const sign of signs) removeEventListener(sign, onInput, listen);
  };
};

/** Programs have nobody at the keys. */
export const watchNobody: WatchInput = () => () => {};
