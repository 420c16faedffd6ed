import { Subject, type Observable } from '../../net/observable.ts';

export const captionSizes = ['normal', 'large', 'huge'] as const;
export type CaptionSize = (typeof captionSizes)[number];
export const captionColours = ['page', 'white-on-black', 'yellow-on-black', 'black-on-white'] as const;
export type CaptionColours = (typeof captionColours)[number];

/** How somebody wants text in a call to look (EN 301 549 §7.1.4): on this device, for every call. */
export interface CaptionLook {
  readonly size: CaptionSize;
  readonly colours: CaptionColours;
}

const key = 'caption-look';
const look = new Subject<CaptionLook>(read());

export const captionLook: Observable<CaptionLook> = look;

export function chooseCaptionLook(change: Partial<CaptionLook>): void {
  look.set({ ...look.value, ...change });
  localStorage.setItem(key, `${look.value.size} ${look.value.colours}`);
}

function read(): CaptionLook {
  const [size, colours] = (localStorage.getItem(key) ?? '').split(' ');
  return {
    size: captionSizes.find((each) => each === size) ?? 'normal',
    colours: captionColours.find((each) => each === colours) ?? 'page',
  };
}
