import {
  aes128GcmSha256,
  aes256GcmSha512,
  decodeHeader,
  deriveFrameKey,
  encodeHeader,
  importBaseKey,
  openFrame,
  readFrame,
  sealFrame,
} from '../../client/crypto/sframe.ts';
import sframe from './sframe.json' with { type: 'json' };
import { fromHex, same, type Suite, toHex } from './suite.ts';

/** RFC 9605, Appendix C; where they are from stands in the file. */
export const sframeVectors: readonly Suite[] = [
  {
    name: 'SFrame headers, RFC 9605 C.1',
    checks: sframe.headers.map(({ kid, ctr, encoded }) => () => {
      const header = { keyId: BigInt(kid), counter: BigInt(ctr) };
      same(toHex(encodeHeader(header)), encoded);
      const { keyId, counter, length } = decodeHeader(fromHex(`${encoded}ff`));
      same([String(keyId), String(counter), length], [kid, ctr, encoded.length / 2]);
    }),
  },
  {
    name: 'SFrame frames of the AES-GCM suites, RFC 9605 C.3',
    checks: sframe.frames.map((vector) => async () => {
      const suite = [aes128GcmSha256, aes256GcmSha512].find(({ id }) => id === vector.cipher_suite);
      if (!suite) throw new Error('a suite this program does not have');
      const key = await deriveFrameKey(suite, await importBaseKey(fromHex(vector.base_key)), BigInt(vector.kid));
      same(toHex(key.salt), vector.sframe_salt);
      const metadata = fromHex(vector.metadata);
      const sealed = await sealFrame(key, BigInt(vector.ctr), fromHex(vector.metadata + vector.pt), metadata.length);
      same(toHex(sealed), vector.metadata + vector.ct);
      const opened = await openFrame(key, readFrame(sealed, metadata.length), sealed, metadata.length);
      same(toHex(opened), vector.metadata + vector.pt);
    }),
  },
];
