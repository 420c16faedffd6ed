import { buildClient } from '../../deploy/client-build.ts';

/** The pages, once for all scenarios: two that ran side by side would build into the same folder. */
export async function setup(): Promise<void> {
  await buildClient();
}
