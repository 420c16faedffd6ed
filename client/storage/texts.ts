import { needs, type Need } from '../../server/protocol/queue.ts';
import type { AccountStorage } from './vault.ts';

/** What was typed and not yet sent. The key is a conversation's id or `service:…`. */
export interface Drafts {
  /** Empty when there is none. */
  load(key: string): Promise<string>;
  save(key: string, text: string): Promise<void>;
}

/** The citizen's own name: it stays on the device and travels inside messages only. And what he needs, so that he states it once. */
export interface Profile {
  loadName(): Promise<string | null>;
  saveName(name: string | null): Promise<void>;
  /** As stated the last time on this device. */
  loadNeeds(): Promise<readonly Need[]>;
  saveNeeds(stated: readonly Need[]): Promise<void>;
}

/** Drafts, name and needs of an account, sealed on this device. */
export function createTexts({ database, vault, accountId }: AccountStorage): { drafts: Drafts; profile: Profile } {
  const load = async (key: string) => {
    const sealed = await database.get('texts', key);
    return sealed ? new TextDecoder().decode(await vault.open(sealed, key)) : '';
  };
  const save = async (key: string, text: string) => {
    if (text === '') await database.delete('texts', key);
    else await database.put('texts', key, await vault.seal(new TextEncoder().encode(text), key));
  };
  return {
    drafts: {
      load: async (key) => await load(`${accountId}/draft/${key}`),
      save: async (key, text) => await save(`${accountId}/draft/${key}`, text),
    },
    profile: {
      loadName: async () => (await load(`${accountId}/name`)) || null,
      saveName: async (name) => await save(`${accountId}/name`, name?.trim() ?? ''),
      loadNeeds: async () => {
        const stated = (await load(`${accountId}/needs`)).split(' ');
        return needs.filter((need) => stated.includes(need));
      },
      saveNeeds: async (stated) => await save(`${accountId}/needs`, stated.join(' ')),
    },
  };
}
