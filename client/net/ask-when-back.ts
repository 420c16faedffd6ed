import { type Observable, waitUntil } from './observable.ts';
import { RequestError } from './request-error.ts';
import type { RequestFunction } from './request.ts';
import type { ConnectionState } from './socket.ts';
import type { Subscribe } from './subscribe.ts';
import { SyncLoop } from './sync-loop.ts';

/** What everything live hangs on. */
export interface Line {
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly connection: Observable<Pick<ConnectionState, 'status'>>;
}

/** What asks the server how something stands. */
export interface Asking {
  /** Asks once more; who asks together is answered together. */
  readonly ask: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * Asks as soon as there is a line, until the server has answered, and again whenever the line is back: notifications were lost
 * meanwhile. What the server refuses is told, and left for the next time.
 */
export function askWhenBack(
  { connection }: Pick<Line, 'connection'>,
  run: () => Promise<void>,
  onRefused: (refusal: RequestError) => void = () => undefined,
): Asking {
  const loop = new SyncLoop({
    run,
    whenConnected: async () => await waitUntil(connection, isThere),
    onFailure: (error) => {
      if (!(error instanceof RequestError)) throw error;
      onRefused(error);
    },
  });
  const askWhenThere = (): void => {
    if (isThere(connection.value)) void loop.ask();
  };
  const stop = connection.subscribe(askWhenThere);
  askWhenThere();
  return {
    ask: loop.ask,
    stop: () => {
      stop();
      loop.close();
    },
  };
}

function isThere({ status }: Pick<ConnectionState, 'status'>): boolean {
  return status === 'connected';
}
