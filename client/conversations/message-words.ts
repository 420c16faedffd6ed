import { cleanName } from '../attachments/file-name.ts';
import { t } from '../i18n/translate.ts';
import type { MessageItem } from './items.ts';

/** A message in a line of text: what was written, or which file was sent. */
export function messageWords({ text, file }: Pick<MessageItem, 'text' | 'file'>): string {
  return file === null ? text : t('conversations.fileNamed', { name: cleanName(file.name) });
}
