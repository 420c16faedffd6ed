import { limits } from '../../server/protocol/limits.ts';

/** Controls, and what turns the direction of writing or takes no room: with it `exe.fdp` can be made to look like a PDF. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;
const separators = /[/\\:*?"<>|]/g;
const maxExtension = 12;
/** Room for signs outside the first plane, and for what is put before a name on the way. */
const maxCharacters = Math.floor(limits.fileNameCharacters / 2);

/** What the system would run, or a browser would, as soon as it is opened. */
const active = new Set(
  (
    'html htm xhtml xht svg xml mht mhtml js mjs jse vbs vbe wsf wsh hta exe com scr pif bat cmd ps1 msi msix reg lnk url inf cpl dll jar jnlp ' +
    'apk app dmg pkg command sh bash run desktop appimage deb rpm py rb pl docm xlsm pptm dotm xltm xlam iso img vhd'
  ).split(' '),
);

/** A name as it may be shown and written to a disk: in one line, without a path, in the direction it is read. Never empty. */
export function cleanName(name: string): string {
  const visible = name.normalize('NFC').replaceAll(invisible, '').replaceAll(separators, '_').trim().replace(/^\.+/, '').trim();
  const { stem, extension } = splitName(visible);
  const shortened = Array.from(stem)
    .slice(0, maxCharacters - extension.length)
    .join('')
    .trim();
  return `${shortened === '' ? 'file' : shortened}${extension}`;
}

/** The part by which a system decides what a file is, with its dot, and what stands before it. `extension` may be empty. */
export function splitName(name: string): { readonly stem: string; readonly extension: string } {
  const at = name.lastIndexOf('.');
  const extension = at < 1 ? '' : name.slice(at);
  const isOne = extension.length > 1 && extension.length <= maxExtension && !/\s/.test(extension);
  return isOne ? { stem: name.slice(0, at), extension } : { stem: name, extension: '' };
}

/** Whether opening it may run a program. */
export function isActiveName(name: string): boolean {
  return active.has(splitName(cleanName(name)).extension.slice(1).toLowerCase());
}
