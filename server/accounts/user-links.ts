import type { Database } from '../platform/database.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { type BoxSlot, requireBoxes } from '../protocol/generation.ts';
import { type AccountId, idOf } from '../protocol/ids.ts';
import type { SignedLink } from '../protocol/offices.ts';
import { currentGeneration, type UserChainState } from '../protocol/user-state.ts';
import { AccountStore } from './account-store.ts';

/** Checks that exactly the boxes the newest link of a state names came with it. Throws CryptoError. */
export function requireLinkBoxes(state: UserChainState, { boxes, previousBox }: SignedLink): void {
  requireBoxes(
    {
      boxHashes: sealedBy(state).map((slot) => slot.boxHash),
      prevBoxHash: isNewGeneration(state) ? currentGeneration(state).prevBoxHash : null,
    },
    boxes.map(fromBase64Url),
    previousBox && fromBase64Url(previousBox),
  );
}

/** Stores the newest link of a state, with its boxes: what `requireLinkBoxes` has let pass; part of a transaction. */
export async function storeUserLink(database: Database, state: UserChainState, { link, boxes, previousBox }: SignedLink): Promise<void> {
  const store = new AccountStore(database);
  const accountId: AccountId = idOf(state.userId);
  const { generation } = currentGeneration(state);
  await store.addLink({ accountId, seqno: state.seqno, link: fromBase64Url(link) });
  if (isNewGeneration(state)) await store.addGeneration({ accountId, generation, previousBox: previousBox && fromBase64Url(previousBox) });
  await store.addBoxes(
    // In the order of the link's own list.
    sealedBy(state).map(({ recipient }, index) => ({
      accountId,
      generation,
      deviceId: idOf<'device'>(recipient),
      box: fromBase64Url(boxes[index] ?? ''),
    })),
  );
}

function isNewGeneration(state: UserChainState): boolean {
  return currentGeneration(state).seqno === state.seqno;
}

/** The slots that the newest link brings: all of a new generation, or that of the device it adds. */
function sealedBy(state: UserChainState): readonly BoxSlot[] {
  const { boxes } = currentGeneration(state);
  if (isNewGeneration(state)) return boxes;
  return state.devices.at(-1)?.addedAt === state.seqno ? boxes.slice(-1) : [];
}
