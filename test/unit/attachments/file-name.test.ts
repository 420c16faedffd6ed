import { expect, test } from 'vitest';
import { cleanName, isActiveName, splitName } from '../../../client/attachments/file-name.ts';

test('a name loses what hides, turns or leads elsewhere, and keeps what says something', () => {
  expect(cleanName('invoice\u202Efdp.exe')).toBe('invoicefdp.exe');
  expect(cleanName('\u2066\u200Bphoto\u2069.jpg')).toBe('photo.jpg');
  expect(cleanName('../../etc/passwd')).toBe('_.._etc_passwd');
  expect(cleanName('a\0b\nc.txt')).toBe('abc.txt');
  expect(cleanName('C:\\Users\\me\\tax.pdf')).toBe('C__Users_me_tax.pdf');
  expect(cleanName('.htaccess')).toBe('htaccess');
  expect(cleanName('Gebuertsurkond – Zoé.pdf')).toBe('Gebuertsurkond – Zoé.pdf');
  expect(cleanName('شهادة.pdf')).toBe('شهادة.pdf');
  expect(cleanName('\u202E\u200F ')).toBe('file');
});

test('a name of five thousand characters keeps its end', () => {
  const name = cleanName(`${'x'.repeat(5_000)}.pdf`);
  expect(name.length).toBeLessThanOrEqual(127);
  expect(name.endsWith('.pdf')).toBe(true);
});

test('the extension is what stands behind the last dot', () => {
  expect(splitName('invoice.pdf.exe')).toEqual({ stem: 'invoice.pdf', extension: '.exe' });
  expect(splitName('no extension')).toEqual({ stem: 'no extension', extension: '' });
  expect(splitName('Dr. Weber')).toEqual({ stem: 'Dr. Weber', extension: '' });
});

test('what runs when it is opened is known by its real extension', () => {
  for (const name of ['x.html', 'logo.SVG', 'invoice.pdf.exe', 'report\u202Efdp.scr', 'macro.docm'])
    expect(isActiveName(name), name).toBe(true);
  for (const name of ['photo.jpg', 'letter.pdf', 'table.xlsx', 'html', 'note.txt']) expect(isActiveName(name), name).toBe(false);
});
