import { setPriority } from 'node:os';

/**
 * Of this process and of what it starts from now on, -20 (first) to 19: what has machines of its own elsewhere does not wait for each
 * other here. For root alone, as nobody else may take it back; others measure one machine for all.
 */
export function setOwnPriority(priority: number): void {
  if (process.getuid?.() === 0) setPriority(priority);
}
