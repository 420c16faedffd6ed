import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const bytes = z
  .string()
  .regex(/^[\w-]*$/, 'is not base64url')
  .transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url')));
const key = bytes.refine((value) => value.length === 32, 'must be 32 bytes');
const signedLink = z.strictObject({ link: bytes, boxes: z.array(bytes), prevBox: bytes.nullable() });

/**
 * The papers of the ceremony, as files that are carried from one machine to the next. Two of them are secret (a keeper's key, an
 * owner's keys) and never leave the machine they were made on; the others may be read by anybody.
 */
export const papers = {
  'registry-key': z.strictObject({ paper: z.literal('registry-key'), keeper: z.string(), seed: key }),
  'owner-keys': z.strictObject({ paper: z.literal('owner-keys'), name: z.string(), seed: key, userId: key }),
  owner: z.strictObject({ paper: z.literal('owner'), name: z.string(), root: signedLink }),
  draft: z.strictObject({
    paper: z.literal('draft'),
    name: z.string(),
    nonce: key,
    policy: z.strictObject({ addsRequire: z.union([z.literal(1), z.literal(2)]), requirePrf: z.boolean() }),
    /** Root links of the owners, in the order the registry signs them. */
    owners: z.array(bytes).min(1),
    signatures: z.array(z.strictObject({ registryPk: key, signature: bytes.refine((value) => value.length === 64) })),
  }),
  inbox: z.strictObject({ paper: z.literal('inbox'), name: z.string(), owners: z.array(bytes).min(1), root: signedLink }),
};

type Papers = typeof papers;
export type PaperKind = keyof Papers;
export type Paper<Kind extends PaperKind> = z.infer<Papers[Kind]>;

const secret: ReadonlySet<PaperKind> = new Set(['registry-key', 'owner-keys']);

/** Reads a paper of one kind, one of `papers`. Throws an Error with one sentence when the file is missing or is another paper. */
export async function readPaper<Content>(file: string, schema: z.ZodType<Content>): Promise<Content> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new Error(`${file} cannot be read.`);
  }
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`${file} is not the paper that is needed here: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Writes a paper to a file that is not there yet: nothing of a ceremony is overwritten. Secret ones are for their owner's eyes only. */
export async function writePaper<Kind extends PaperKind>(file: string, paper: Paper<Kind>): Promise<void> {
  const text = JSON.stringify(
    paper,
    (_name, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value),
    2,
  );
  try {
    await writeFile(file, `${text}\n`, { flag: 'wx', mode: secret.has(paper.paper) ? 0o600 : 0o644 });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new Error(isThere ? `${file} is there already; choose another name.` : `${file} cannot be written.`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
