const volume = 0.12;

/** Two soft notes, a fifth down, G5 to C5: a door bell, not an alarm. About 1.4 s. */
export function strikeTones(sound: AudioContext, to: AudioNode = sound.destination): void {
  for (const [index, frequency] of [783.99, 523.25].entries()) {
    const from = sound.currentTime + index * 0.35;
    const gain = sound.createGain();
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(volume, from + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, from + 0.9);
    gain.connect(to);
    const note = new OscillatorNode(sound, { type: 'sine', frequency });
    note.connect(gain);
    note.start(from);
    note.stop(from + 1);
  }
}
