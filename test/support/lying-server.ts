import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { CommandName, Request, Response } from '../../server/protocol/commands.ts';
import type { ConversationView, Entry } from '../../server/protocol/conversations.ts';
import { envelopeHash, firstRun, nextRun } from '../../server/protocol/envelope.ts';
import { MemoryServer, type Member } from './memory-server.ts';

type Pulled = Response<'conversation:pull'>;

/** A server that can answer otherwise than it should; what it stores stays true. */
export class LyingServer extends MemoryServer {
  /** What somebody is shown of a conversation's whole history; null: the truth. */
  history: ((entries: readonly Entry[], caller: Member) => readonly Entry[]) | null = null;
  /** What a sender is given instead of his receipt; null: the truth. */
  receipt: ((stored: Response<'message:send'>) => Response<'message:send'>) | null = null;

  override answer<Name extends CommandName>(name: Name, request: Request<Name>, caller: Member): Response<Name> {
    if (name === 'conversation:pull' && this.history) return this.#pull(request as Request<'conversation:pull'>, caller) as Response<Name>;
    const answer = super.answer(name, request, caller);
    return name === 'message:send' && this.receipt ? (this.receipt(answer as Response<'message:send'>) as Response<Name>) : answer;
  }

  #pull({ conversationId, after }: Request<'conversation:pull'>, caller: Member): Pulled {
    const all: Entry[] = [];
    let view: ConversationView | null = null;
    for (let head = 1; all.length < head;) {
      const page = super.answer('conversation:pull', { conversationId, after: all.length }, caller);
      all.push(...page.entries);
      head = page.conversation.head;
      view = page.conversation;
    }
    if (!view || !this.history) throw new Error('nothing to lie about');
    const shown = renumber(fromBase64Url(conversationId), this.history(all, caller));
    return { conversation: { ...view, head: shown.length }, entries: shown.slice(after, after + 3) };
  }
}

/** The same entries as if nothing else had ever been there: positions without a gap, run hashes that follow. */
export function renumber(conversationId: Uint8Array, entries: readonly Entry[]): Entry[] {
  let run = firstRun(conversationId);
  return entries.map((entry, index) => {
    const bytes = entry.kind === 'epoch' ? entry.link : entry.kind === 'message' ? entry.envelope : entry.event;
    run = nextRun(run, index + 1, envelopeHash(fromBase64Url(bytes)));
    return { ...entry, position: index + 1, run: toBase64Url(run) };
  });
}
