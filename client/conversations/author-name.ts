import { t } from '../i18n/translate.ts';
import type { Author } from './items.ts';

/** Whose screen it is: what is "you" to one is a name to the other. */
export type Viewer = 'citizen' | 'office';

/** Who wrote it, as the viewer reads it: a citizen sees the person and the office, a colleague needs the person only. */
export function authorName({ who, name }: Author, { viewer, officeName }: { viewer: Viewer; officeName: string }): string {
  if (who === 'me') return t('conversations.you');
  if (who === 'citizen') return name ?? t('conversations.citizen');
  const person = name ?? t('conversations.official');
  return viewer === 'office' || officeName === '' ? person : t('conversations.authorAt', { name: person, office: officeName });
}
