import { strikeTones } from '../ui/tones.ts';

const key = 'chime';
const repeatMs = 4_000;
const ringMs = 30_000;

/** Whether the chime sounds on this device. */
export function isChimeOn(): boolean {
  return localStorage.getItem(key) !== 'off';
}

export function setChime(on: boolean): void {
  localStorage.setItem(key, on ? 'on' : 'off');
}

/** Two soft notes and a vibration, again every 4 s, 30 s at most. Returns the function that stops it. */
export function ring(): () => void {
  const sound = isChimeOn() ? new AudioContext() : null;
  const strike = (): void => {
    if (sound !== null) strikeTones(sound);
    // Not every device can; whoever has not touched the page yet is not shaken either.
    if ('vibrate' in navigator) navigator.vibrate([200, 100, 200]);
  };
  strike();
  const timer = setInterval(strike, repeatMs);
  const stop = (): void => {
    clearInterval(timer);
    clearTimeout(end);
    if (sound !== null && sound.state !== 'closed') void sound.close();
  };
  const end = setTimeout(stop, ringMs);
  return stop;
}

/** The two notes once: somebody has come. */
export function chimeOnce(): void {
  if (!isChimeOn()) return;
  const sound = new AudioContext();
  strikeTones(sound);
  setTimeout(() => void sound.close(), 2_000);
}
