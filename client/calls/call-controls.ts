import { html, type TemplateResult } from 'lit';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import mic from 'lucide-static/icons/mic.svg?icon';
import micOff from 'lucide-static/icons/mic-off.svg?icon';
import phoneOff from 'lucide-static/icons/phone-off.svg?icon';
import pictureInPicture from 'lucide-static/icons/picture-in-picture-2.svg?icon';
import videoOff from 'lucide-static/icons/video-off.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import { t } from '../i18n/translate.ts';
import type { OwnDevicesState } from './own-devices.ts';

/** The bar of a call: plain buttons, each named for what it does now. */
export function callControls({
  devices,
  showsMessages,
  showsSelf,
  onMicrophone,
  onCamera,
  onMessages,
  onSelf,
  onLeave,
}: {
  devices: OwnDevicesState;
  showsMessages: boolean;
  showsSelf: boolean;
  onMicrophone: () => void;
  onCamera: () => void;
  onMessages: () => void;
  onSelf: () => void;
  onLeave: () => void;
}): TemplateResult {
  const speaks = devices.audio.state === 'on';
  const seen = devices.video.state === 'on';
  return html`<section class="call-controls" aria-label=${t('calls.controls')}>
    <button class="button button-secondary" @click=${onMicrophone}>
      ${speaks ? mic : micOff}<span>${speaks ? t('calls.mute') : t('calls.unmute')}</span>
    </button>
    <button class="button button-secondary" @click=${onCamera}>
      ${seen ? video : videoOff}<span>${seen ? t('calls.cameraOff') : t('calls.cameraOn')}</span>
    </button>
    <button class="button button-secondary" @click=${onSelf}>
      ${pictureInPicture}<span>${showsSelf ? t('calls.hideSelf') : t('calls.showSelf')}</span>
    </button>
    <button class="button button-secondary" @click=${onMessages}>
      ${messageSquare}<span>${showsMessages ? t('calls.hideMessages') : t('calls.showMessages')}</span>
    </button>
    <button class="button button-danger" @click=${onLeave}>${phoneOff}<span>${t('calls.leave')}</span></button>
  </section>`;
}
