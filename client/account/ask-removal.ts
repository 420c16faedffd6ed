import { t } from '../i18n/translate.ts';
import { askChoice } from './ask-dialogs.ts';

/**
 * Says what removing a device does, and asks. The last thing that opens the messages besides this browser is not given up, unless somebody
 * else has it: then it must go. "code": the person would rather make a recovery code first.
 */
export async function askRemoval(name: string, isLast: boolean): Promise<'remove' | 'code' | ''> {
  const answer = isLast
    ? await askChoice({
        heading: t('security.cannotRemove'),
        text: t('security.lastKeys'),
        choices: [
          { value: 'code', label: t('security.recoveryMake') },
          { value: 'remove', label: t('security.deviceRemoveLost'), danger: true },
        ],
      })
    : await askChoice({
        heading: t('security.removeOf', { name }),
        text: t('security.deviceRemoveText'),
        choices: [{ value: 'remove', label: t('security.remove'), danger: true }],
      });
  return answer === 'remove' || answer === 'code' ? answer : '';
}
