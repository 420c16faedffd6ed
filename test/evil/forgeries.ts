import { ConversationStore } from '../../server/conversations/store.ts';
import { type Base64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { Entry } from '../../server/protocol/conversations.ts';
import { envelopeHash, nextRun } from '../../server/protocol/envelope.ts';
import { type InboxId, newId } from '../../server/protocol/ids.ts';
import { waitUntil } from '../../client/net/observable.ts';
import type { Scene } from './scene.ts';
import type { Victim } from './victim.ts';

export type Forged =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'epoch';
      readonly bytes: Uint8Array;
      readonly box: Uint8Array | null;
      readonly previousBox: Uint8Array | null;
    };

/** Shows browsers an inbox's chain with one more link than it has. */
export function showLink(scene: Scene, inboxId: InboxId, link: Uint8Array, to?: Victim): void {
  scene.evil.lies.answer(
    'inbox:load',
    (answer, request) => {
      if (request.inboxId !== inboxId) return answer;
      const links = request.afterSeqno <= answer.head ? [...answer.links, toBase64Url(link)] : [];
      return { links, head: answer.head + 1 };
    },
    to?.name,
  );
}

/**
 * Shows browsers entries after the last one there is, numbered and with runs that fit, and tells them to look. Behind them stands an
 * event that the server may write; resolves when the pages have come to it.
 */
export async function showEntries(
  scene: Scene,
  forged: readonly Forged[],
  to: readonly Victim[] = [scene.citizen, scene.official],
): Promise<void> {
  const { conversationId } = scene.asked;
  const row = await new ConversationStore(scene.evil.server.database).find(conversationId);
  if (!row) throw new Error('there is no such conversation');
  const mark = newId<'queue entry'>();
  const event = new TextEncoder().encode(JSON.stringify({ type: 'ticket-joined', entryId: mark, ticketNumber: 'A1' }));
  let { run } = row;
  const entries = [...forged, { kind: 'event' as const, bytes: event }].map((one, index): Entry => {
    const position = row.head + index + 1;
    run = nextRun(run, position, envelopeHash(one.bytes));
    const base = { position, acceptedAt: Date.now(), run: toBase64Url(run) };
    const bytes: Base64Url = toBase64Url(one.bytes);
    if (one.kind === 'message') return { ...base, kind: 'message', envelope: bytes };
    if (one.kind === 'event') return { ...base, kind: 'event', event: bytes };
    return {
      ...base,
      kind: 'epoch',
      link: bytes,
      box: one.box && toBase64Url(one.box),
      previousBox: one.previousBox && toBase64Url(one.previousBox),
    };
  });
  const head = row.head + entries.length;
  for (const victim of to) {
    scene.evil.lies.answer(
      'conversation:pull',
      (answer, request) => {
        if (request.conversationId !== conversationId) return answer;
        const conversation = { ...answer.conversation, head };
        return { conversation, entries: [...answer.entries, ...entries.filter(({ position }) => position > request.after)] };
      },
      victim.name,
    );
    scene.evil.tell(victim.name, 'conversation:advanced', { conversationId, head, entries: [] });
  }
  await Promise.all(
    to.map(async (victim) => {
      const { state } = victim.messenger.conversation(conversationId);
      await waitUntil(state, ({ items }) =>
        items.some((item) => item.kind === 'event' && 'entryId' in item.event && item.event.entryId === mark),
      );
    }),
  );
}
