import { Command, InvalidArgumentError } from 'commander';
import { publicKeyText, readPublicKey } from './public-key.ts';
import {
  createOwnerPapers,
  createRegistryKey,
  describeDraft,
  draftPaper,
  finishInbox,
  publicKeyOf,
  signDraft,
  verifyInbox,
} from './ceremony.ts';
import { installInbox, installOwner, trustRegistry, withDatabase } from './install.ts';
import { papers, readPaper, writePaper } from './papers.ts';

const help = `
The ceremony, each line on the machine of the person it names; only "trust" and "install" need the server's:

  keeper (three of them)  schalter registry new-key keeper-1.key.json --keeper "Anna Keeper"
  owner                   schalter registry new-owner "Anne Owner" owner
  owner                   schalter registry draft "Citizens' office" draft.json --owner owner.public.json
  keeper (two of them)    schalter registry sign draft.json signed-1.json --key keeper-1.key.json
  owner                   schalter registry finish signed-2.json inbox.json --owner owner.keys.json
  anybody                 schalter registry verify inbox.json KEY KEY KEY
  operator                schalter registry trust KEY KEY KEY
  operator                schalter registry install inbox.json --owner owner.public.json
`;

/** `schalter registry …`: from keepers' keys to an inbox that every client accepts. */
export function registryCommand(): Command {
  const registry = new Command('registry').description("the registry's keys and the inboxes it vouches for").addHelpText('after', help);

  registry
    .command('new-key <file>')
    .description('make a keeper’s key; the file stays with the keeper, on a machine without a network')
    .requiredOption('--keeper <name>', 'whose key it is')
    .action(async (file: string, { keeper }: { keeper: string }) => {
      const paper = createRegistryKey(keeper);
      await writePaper(file, paper);
      console.log(`${file} is secret. Public key of ${keeper}, for everybody:\n${publicKeyText(publicKeyOf(paper))}`);
    });

  registry
    .command('new-owner <name> <file>')
    .description('make an owner: FILE.keys.json stays with the owner, FILE.public.json goes to the operator')
    .action(async (name: string, file: string) => {
      const { keys, owner } = createOwnerPapers(name, Date.now());
      await writePaper(`${file}.keys.json`, keys);
      await writePaper(`${file}.public.json`, owner);
      console.log(`${file}.keys.json is secret. ${file}.public.json is for the operator.`);
    });

  registry
    .command('draft <name> <file>')
    .description('draft an inbox for the keepers to sign')
    .requiredOption('--owner <files...>', 'public papers of its owners')
    .option('--two-signatures', 'additions need two signatures', false)
    .option('--require-prf', 'members must unlock by passkey', false)
    .action(async (name: string, file: string, options: { owner: string[]; twoSignatures: boolean; requirePrf: boolean }) => {
      const owners = await Promise.all(options.owner.map(async (path) => await readPaper(path, papers.owner)));
      const draft = draftPaper(name, { addsRequire: options.twoSignatures ? 2 : 1, requirePrf: options.requirePrf }, owners);
      await writePaper(file, draft);
      console.log(describeDraft(draft));
    });

  registry
    .command('sign <draft> <file>')
    .description('sign a draft as a keeper')
    .requiredOption('--key <file>', 'the keeper’s key')
    .action(async (draftFile: string, file: string, { key }: { key: string }) => {
      const signed = signDraft(await readPaper(draftFile, papers.draft), await readPaper(key, papers['registry-key']));
      await writePaper(file, signed);
      console.log(describeDraft(signed));
    });

  registry
    .command('finish <draft> <file>')
    .description('sign the inbox’s root as its owner, once two keepers have signed the draft')
    .requiredOption('--owner <file>', 'the owner’s keys')
    .action(async (draftFile: string, file: string, { owner }: { owner: string }) => {
      const inbox = finishInbox(await readPaper(draftFile, papers.draft), await readPaper(owner, papers['owner-keys']), Date.now());
      await writePaper(file, inbox);
      console.log(`${file} is the inbox "${inbox.name}", for the operator.`);
    });

  registry
    .command('verify <inbox> <keys...>')
    .description('verify an inbox as every client does, against the registry’s public keys')
    .action(async (file: string, keys: string[]) => {
      const inbox = await readPaper(file, papers.inbox);
      console.log(`"${inbox.name}" is in order: ${verifyInbox(inbox, keys.map(publicKey))}`);
    });

  registry
    .command('trust <keys...>')
    .description('on the server: the public keys of this installation’s registry')
    .action(async (keys: string[]) => {
      await withDatabase(process.env, async (database) => await trustRegistry(database, keys.map(publicKey)));
      console.log(`${keys.length} keys are trusted.`);
    });

  registry
    .command('install <inbox>')
    .description('on the server: store owners and inbox')
    .option('--owner <files...>', 'public papers of owners who are not installed yet', [])
    .action(async (file: string, { owner }: { owner: string[] }) => {
      const inbox = await readPaper(file, papers.inbox);
      const owners = await Promise.all(owner.map(async (path) => await readPaper(path, papers.owner)));
      const inboxId = await withDatabase(process.env, async (database) => {
        for (const each of owners) await installOwner(database, each);
        return await installInbox(database, inbox);
      });
      console.log(`"${inbox.name}" is installed: ${inboxId}`);
    });

  return registry;
}

function publicKey(text: string): Uint8Array {
  const key = readPublicKey(text);
  if (!key) throw new InvalidArgumentError(`${text} is not a public key of the registry.`);
  return key;
}
