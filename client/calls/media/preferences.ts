import type { CallRole, MediaSource, RemoteProducer } from '../../../server/protocol/calls.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';
import type { Preference } from './remote-tracks.ts';

/** Hands that translate are read, and so is a screen; both outlast the faces. */
const interpreterPriority = 200;
const screenPriority = 180;
const cameraPriority = 100;

/** Which pictures this person would rather keep on a bad line. */
export class Preferences {
  readonly #chosen = new Map<string, Partial<Preference>>();

  set(source: MediaSource, accountId: AccountId, preference: Partial<Preference>): void {
    const key = keyOf(source, accountId);
    this.#chosen.set(key, { ...this.#chosen.get(key), ...preference });
  }

  of({ source, accountId }: Pick<RemoteProducer, 'source' | 'accountId'>, role: CallRole | null): Preference {
    const ofCamera = role === 'interpreter' ? interpreterPriority : cameraPriority;
    const priority = source === 'screen' ? screenPriority : ofCamera;
    return { priority, small: false, ...this.#chosen.get(keyOf(source, accountId)) };
  }
}

function keyOf(source: MediaSource, accountId: AccountId): string {
  return `${source} ${accountId}`;
}
