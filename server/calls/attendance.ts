import type { SessionId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import type { Log } from '../platform/log.ts';
import type { SfuClient } from './sfu-client.ts';

/** One page in a call, as the sfu names it. */
export interface Attendance {
  readonly roomId: string;
  readonly peerId: string;
  readonly ownerId: string;
}

export interface AttendancesDependencies {
  readonly sfu: SfuClient;
  /** Those of these sessions that are over, or never were. */
  readonly endedOf: (sessionIds: readonly SessionId[]) => Promise<readonly SessionId[]>;
  readonly log: Log;
}

/**
 * Which session each page in a call came in with. Media does not pass through the server: whoever's session ends would else go on
 * hearing and being heard. To be checked every other second, so that he is out within five (reliability.md R57).
 */
export class Attendances {
  readonly #dependencies: AttendancesDependencies;
  readonly #sessions = new Map<string, { readonly attendance: Attendance; readonly sessionId: SessionId }>();
  readonly #unfollow: () => void;

  constructor(dependencies: AttendancesDependencies) {
    this.#dependencies = dependencies;
    this.#unfollow = dependencies.sfu.on('peer-closed', (peer) => void this.#sessions.delete(keyOf(peer)));
  }

  note(attendance: Attendance, sessionId: SessionId): void {
    this.#sessions.set(keyOf(attendance), { attendance, sessionId });
  }

  /** Takes those out whose sessions have ended. While the sfu does not answer, they are tried again at the next check. */
  async check(): Promise<void> {
    const { sfu, endedOf, log } = this.#dependencies;
    if (this.#sessions.size === 0) return;
    const sessionIds = new Set(Array.from(this.#sessions.values(), ({ sessionId }) => sessionId));
    const ended = new Set(await endedOf([...sessionIds]));
    for (const [key, { attendance, sessionId }] of Array.from(this.#sessions)) {
      if (!ended.has(sessionId)) continue;
      try {
        await sfu.request('peer:leave', { ...attendance });
        this.#sessions.delete(key);
      } catch (error) {
        // Left already, or another page of his took over.
        if (error instanceof AppError && (error.code === 'not_found' || error.code === 'conflict')) this.#sessions.delete(key);
        else log.warn({ err: error, call: attendance.roomId }, 'somebody whose session has ended could not be taken out of his call');
      }
    }
  }

  close(): void {
    this.#unfollow();
  }
}

function keyOf({ roomId, peerId }: Pick<Attendance, 'roomId' | 'peerId'>): string {
  return `${roomId} ${peerId}`;
}
