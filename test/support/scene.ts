import { type Base64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { Conversation } from './gim-world.ts';
import type { Line, Somebody } from './people.ts';
import type { TestOffice } from './test-office.ts';

/** A conversation between a citizen and an official, both connected. */
export interface Scene {
  readonly citizen: Somebody;
  readonly official: Somebody;
  readonly citizenLine: Line;
  readonly officialLine: Line;
  readonly conversation: Conversation;
  readonly conversationId: ConversationId;
}

export async function openScene(office: TestOffice): Promise<Scene> {
  const [citizen, official] = [await office.addCitizen(), await office.addOfficial()];
  const [citizenLine, officialLine] = [await citizen.connect(), await official.connect()];
  return { citizen, official, citizenLine, officialLine, ...(await office.open(citizen, citizenLine)) };
}

/** The envelope of a message, as it is sent. */
export function seal({ conversation }: Scene, by: Somebody, text = 'Moien'): Base64Url {
  return toBase64Url(conversation.send(by.gim, text));
}
