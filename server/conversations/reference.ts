/** Without the letters that are mistaken for others on the phone. */
const checkLetters = 'ABCDEFGHJKLMNPQRSTUVWXY';

/** What people say on the phone: "2026-0042-K". The letter shows most slips of a digit. `day`: local date of the opening. */
export function referenceOf(day: string, number: number): string {
  const year = day.slice(0, 4);
  const digits = String(number).padStart(4, '0');
  const sum = Array.from(`${year}${digits}`, Number).reduce((total, digit, index) => total + digit * (index + 2), 0);
  return `${year}-${digits}-${checkLetters[sum % checkLetters.length] ?? ''}`;
}
