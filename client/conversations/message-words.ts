import { cleanName } from '../attachments/file-name.ts';
import { t } from '../i18n/translate.ts';
import type { MessageItem } from './items.ts';

/** A message in a line of text: what was written, which file was sent, or what is kept of a call. */
export function messageWords({ text, file, call }: Pick<MessageItem, 'text' | 'file' | 'call'>): string {
  if (call?.kind === 'summary') return t('conversations.callAgreed', { text: call.text });
  if (call?.kind === 'transcript') return t('conversations.callTranscript');
  return file === null ? text : t('conversations.fileNamed', { name: cleanName(file.name) });
}
