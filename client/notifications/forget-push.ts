/** Leaves nothing of notices in this browser, whoever subscribed: for whoever deletes all that is kept here. */
export async function forgetPush(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration();
  await registration?.unregister();
}
