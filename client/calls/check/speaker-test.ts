import { strikeTones } from '../../ui/tones.ts';
import { soundAt } from '../media/device-choice.ts';

const lastsMs = 1_600;

/** Plays two tones at the chosen speaker, as the voice of a call would sound there. Rejects when the browser plays nothing. */
export async function playTones(speaker: string | null): Promise<void> {
  const context = new AudioContext();
  const player = new Audio();
  try {
    const stream = context.createMediaStreamDestination();
    player.srcObject = stream.stream;
    await soundAt(player, speaker);
    await player.play();
    strikeTones(context, stream);
    await new Promise((resolve) => setTimeout(resolve, lastsMs));
  } finally {
    player.srcObject = null;
    await context.close();
  }
}
