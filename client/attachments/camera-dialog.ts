import { html, render, type TemplateResult } from 'lit';
import camera from 'lucide-static/icons/camera.svg?icon';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';
import { notice } from '../ui/notice.ts';

/** Asks for a photo of the camera of this device. Null when the person gave up, or there is none, which the dialog has said. */
export async function takePhoto(): Promise<File | null> {
  const holder = document.createElement('div');
  document.body.append(holder);
  const draw = (view: TemplateResult, canShoot: boolean): unknown =>
    render(
      html`<dialog class="dialog photo-dialog" aria-labelledby="photo-heading">
        <h2 id="photo-heading" tabindex="-1">${t('conversations.takePhoto')}</h2>
        ${view}
        <form method="dialog" class="button-row">
          <button class="button" value="shoot" ?hidden=${!canShoot}>${camera}${t('conversations.photoShoot')}</button>
          <button class="button button-secondary" value="">${t('ui.cancel')}</button>
        </form>
      </dialog>`,
      holder,
    );
  draw(html`<p class="loading">${t('conversations.photoStarting')}</p>`, false);
  const dialog = holder.querySelector('dialog');
  if (dialog === null) throw new Error('the dialog was not drawn');
  const closed = showDialog(dialog);
  const opened = openCamera();
  const video = document.createElement('video');
  Object.assign(video, { autoplay: true, playsInline: true, muted: true, className: 'photo-view' });
  video.setAttribute('aria-hidden', 'true');
  const show = async (): Promise<void> => {
    try {
      video.srcObject = await opened;
      draw(html`${video}`, true);
    } catch (error) {
      draw(notice({ kind: 'warning', body: html`<p>${failureText(error)}</p>` }), false);
    }
  };
  void show();
  const answer = await closed;
  const photo = answer === 'shoot' ? await shoot(video) : null;
  // The light goes out, also when the person was quicker than the camera.
  opened.then(
    (stream) => stream.getTracks().forEach((track) => track.stop()),
    () => undefined,
  );
  holder.remove();
  return photo;
}

async function openCamera(): Promise<MediaStream> {
  return await navigator.mediaDevices.getUserMedia({
    video: { facingMode: 'environment', width: { ideal: 1_920 }, height: { ideal: 1_080 } },
  });
}

function failureText(error: unknown): string {
  const isDenied = error instanceof DOMException && error.name === 'NotAllowedError';
  return t(isDenied ? 'conversations.photoDenied' : 'conversations.photoNone');
}

async function shoot(video: HTMLVideoElement): Promise<File | null> {
  if (video.videoWidth === 0) return null;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9));
  const now = Date.now();
  const date = `${fmt.dateKey(now)} ${fmt.time(now).replace(':', '-')}`;
  return blob && new File([blob], `${t('conversations.photoName', { date })}.jpg`, { type: 'image/jpeg' });
}
