const key = 'chime';
const volume = 0.12;
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
    if (sound !== null) playNotes(sound);
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
  playNotes(sound);
  setTimeout(() => void sound.close(), 2_000);
}

/** A fifth down, G5 to C5: a door bell, not an alarm. */
function playNotes(sound: AudioContext): void {
  for (const [index, frequency] of [783.99, 523.25].entries()) {
    const from = sound.currentTime + index * 0.35;
    const gain = sound.createGain();
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(volume, from + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, from + 0.9);
    gain.connect(sound.destination);
    const note = new OscillatorNode(sound, { type: 'sine', frequency });
    note.connect(gain);
    note.start(from);
    note.stop(from + 1);
  }
}
