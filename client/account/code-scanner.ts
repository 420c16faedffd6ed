import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';

/** Between two looks at the picture. */
const lookMs = 150;
/** Enough for a code that fills a good part of the picture, and quick on old phones. */
const maxWidth = 640;

/** A QR code was in front of the camera. */
export class CodeReadEvent extends Event {
  static readonly type = 'gov-code-read';
  readonly text: string;

  constructor(text: string) {
    super(CodeReadEvent.type, { bubbles: true });
    this.text = text;
  }
}

/** The camera's picture, until a QR code was in it. Turns the camera off when it goes; fires `gov-code-read` or `gov-camera-failed`. */
export class CodeScanner extends GovElement {
  #stream: MediaStream | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  protected override render(): TemplateResult {
    return html`<p>${t('security.scanning')}</p>
      <video class="scanner-picture" muted playsinline aria-label=${t('security.scanPreview')}></video>`;
  }

  async #start(): Promise<void> {
    try {
      const [stream, { decodeQR }] = await Promise.all([
        navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } }),
        import('qr/decode.js'),
      ]);
      this.#stream = stream;
      if (!this.isConnected) return this.#stop();
      await this.updateComplete;
      const video = this.querySelector('video');
      if (video === null) return this.#stop();
      video.srcObject = stream;
      await video.play();
      announcer().announce(t('security.scanning'));
      this.#look(video, document.createElement('canvas'), decodeQR);
    } catch {
      // Refused, missing, in use, or gone already: whoever has no camera types the number.
      this.#stop();
      this.dispatchEvent(new Event('gov-camera-failed', { bubbles: true }));
    }
  }

  #look(video: HTMLVideoElement, canvas: HTMLCanvasElement, decode: (image: ImageData) => string): void {
    const text = read(video, canvas, decode);
    if (text === null) {
      this.#timer = setTimeout(() => this.#look(video, canvas, decode), lookMs);
      return;
    }
    this.#stop();
    this.dispatchEvent(new CodeReadEvent(text));
  }

  #stop(): void {
    clearTimeout(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
  }
}

function read(video: HTMLVideoElement, canvas: HTMLCanvasElement, decode: (image: ImageData) => string): string | null {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const scale = Math.min(1, maxWidth / video.videoWidth);
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  if (context === null || canvas.width === 0) return null;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  try {
    return decode(context.getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    // No code in this picture.
    return null;
  }
}

customElements.define('gov-code-scanner', CodeScanner);
