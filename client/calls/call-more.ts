import hand from 'lucide-static/icons/hand.svg?icon';
import handMetal from 'lucide-static/icons/hand-metal.svg?icon';
import pause from 'lucide-static/icons/pause.svg?icon';
import play from 'lucide-static/icons/play.svg?icon';
import screenShare from 'lucide-static/icons/screen-share.svg?icon';
import screenShareOff from 'lucide-static/icons/screen-share-off.svg?icon';
import settings from 'lucide-static/icons/settings-2.svg?icon';
import { sourcesOfRole, type CallRole } from '../../server/protocol/calls.ts';
import { t } from '../i18n/translate.ts';
import type { MoreAction } from './call-controls.ts';
import { canShareScreen } from './media/media-devices.ts';
import type { OwnDevices } from './media/own-devices.ts';

/** What is not needed all the time. */
export function moreActions({
  role,
  isHeld,
  devices,
  isSigning,
  signLanguage,
  onSigning,
  onSignLanguage,
  onChoose,
  onHold,
}: {
  readonly role: CallRole;
  readonly isHeld: boolean;
  readonly devices: OwnDevices;
  readonly isSigning: boolean;
  readonly signLanguage: boolean;
  readonly onSigning: (on: boolean) => void;
  readonly onSignLanguage: (on: boolean) => void;
  readonly onChoose: () => void;
  readonly onHold: (held: boolean) => void;
}): readonly MoreAction[] {
  const sources = sourcesOfRole[role];
  const shares = devices.state.value.screen.state === 'on';
  return [
    ...(sources.includes('screen') && canShareScreen() ? [screenAction(devices, shares)] : []),
    ...(role === 'official'
      ? [{ text: t(isHeld ? 'calls.resume' : 'calls.hold'), icon: isHeld ? play : pause, onPress: () => onHold(!isHeld) }]
      : []),
    ...(sources.includes('camera')
      ? [
          { text: t(isSigning ? 'calls.signingEnds' : 'calls.signing'), icon: hand, onPress: () => onSigning(!isSigning) },
          {
            text: t(signLanguage ? 'calls.signLanguageOff' : 'calls.signLanguageOn'),
            icon: handMetal,
            onPress: () => onSignLanguage(!signLanguage),
          },
        ]
      : []),
    ...(sources.length > 0 ? [{ text: t('calls.chooseTitle'), icon: settings, onPress: onChoose }] : []),
  ];
}

function screenAction(devices: OwnDevices, shares: boolean): MoreAction {
  return shares
    ? { text: t('calls.stopScreen'), icon: screenShareOff, onPress: () => devices.stopScreen() }
    : { text: t('calls.shareScreen'), icon: screenShare, onPress: () => void devices.shareScreen() };
}
