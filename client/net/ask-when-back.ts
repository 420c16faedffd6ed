import type { Observable } from './observable.ts';
import { RequestError } from './request-error.ts';
import { refresher } from './refresher.ts';
import type { RequestFunction } from './request.ts';
import type { ConnectionState } from './socket.ts';
import type { Subscribe } from './subscribe.ts';

/** What everything live hangs on. */
export interface Line {
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly connection: Observable<Pick<ConnectionState, 'status'>>;
}

/**
 * Asks now, and again whenever the line is back: notifications were lost meanwhile. What the server refuses or cannot answer
 * is left for the next time. Returns stop.
 */
export function askWhenBack({ connection }: Pick<Line, 'connection'>, ask: () => Promise<void>): () => void {
  const tryAsk = refresher(async () => {
    try {
      await ask();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  });
  void tryAsk();
  return connection.subscribe(({ status }) => {
    if (status === 'connected') void tryAsk();
  });
}
