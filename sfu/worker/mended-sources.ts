import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A place of the worker's source that is wrong, and what it has to say. */
interface Mending {
  /** The end of the file's path. */
  readonly file: string;
  readonly wrong: RegExp;
  readonly right: string;
  /** How often it is there; another number is another version of mediasoup. */
  readonly count: number;
}

const mendings: readonly Mending[] = [
  // The OpenSSL callback answers 1 to every control query, because it compares flags that arrive combined. An OpenSSL with kernel TLS, as
  // distributions have it, believes that and writes to nowhere in the first handshake.
  {
    file: '/RTC/DtlsTransport.cpp',
    wrong: /\(operationType == BIO_CB_RETURN\)/g,
    right: '((operationType & BIO_CB_RETURN) != 0)',
    count: 1,
  },
  // Each size of a picture counts its frames by a number of its own. Who is switched to another size gets them renumbered, but only where
  // frames have temporal layers, too; ours have none. A browser that gets a frame of the size before after that, because it was lost and
  // sent again, takes all that follows for older, and its picture stands still until the next whole frame.
  {
    file: '/RTC/RTP/Codecs/VP8.cpp',
    wrong: /(hasPictureId) &&\s+this->(?:payloadDescriptor->)?hasTl0PictureIndex/g,
    right: '$1',
    count: 4,
  },
  { file: '/RTC/RTP/Codecs/VP8.cpp', wrong: /uint8_t tl0PictureIndex;/g, right: 'uint8_t tl0PictureIndex{ 0 };', count: 1 },
  // Where two sizes have frames of the same moment, who is switched gets the second of them as 33 ms later, and all that follow, too. That
  // adds up from switch to switch; at the third the worker gives up and goes back in time, and the picture stands still again. The least
  // difference that makes it a later frame is enough.
  { file: '/RTC/SimulcastProducerStreamManager.cpp', wrong: /\(OffsetMs \* clockRate \/ 1000\)/g, right: '1', count: 1 },
];

/**
 * Writes what has to be mended into `directory`.
 * @returns the sources, with mended ones in the place of theirs.
 * @throws Error when a place is not as it was when this was written.
 */
export async function mendSources(sources: readonly string[], directory: string): Promise<string[]> {
  const mended = [...sources];
  for (const { file, wrong, right, count } of mendings) {
    const index = sources.findIndex((path) => path.endsWith(file));
    const text = await readFile(mended[index] ?? '', 'utf8').catch(() => '');
    if (text.match(wrong)?.length !== count)
      throw new Error(`This version of mediasoup has another ${basename(file)}: see sfu/worker/mended-sources.ts.`);
    mended[index] = join(directory, basename(file));
    await writeFile(mended[index], text.replaceAll(wrong, right));
  }
  return mended;
}
