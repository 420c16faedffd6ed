import type { CallView } from '../../server/protocol/calls.ts';
import { cleanName } from '../attachments/file-name.ts';
import type { CallResult } from '../calls/after/call-after.ts';
import type { Conversation } from '../conversations/conversation.ts';

interface LiveResult {
  readonly value: CallResult;
  subscribe(listener: (value: CallResult) => void): () => void;
}

/** What the conversation shows of a call: what was agreed, as soon as it is written, and the files sent since it began. */
export function callResult(conversation: Conversation, call: CallView): LiveResult {
  return {
    get value() {
      return resultIn(conversation, call);
    },
    subscribe: (listener) => conversation.state.subscribe(() => listener(resultIn(conversation, call))),
  };
}

function resultIn({ state }: Conversation, { startedAt, endedAt }: CallView): CallResult {
  const messages = state.value.items.flatMap((item) => (item.kind === 'message' && item.at >= startedAt ? [item] : []));
  return {
    agreed: messages.flatMap(({ call }) => (call?.kind === 'summary' ? [call.text] : [])).at(-1) ?? null,
    files: messages.flatMap(({ file, at }) => (file === null || at > (endedAt ?? Infinity) ? [] : [cleanName(file.name)])),
  };
}
