/** A device's label has at most 64 bytes. */
const labelCharacters = 64;

/**
 * What a passkey's own device is called in the chain: the beginning of the credential's id, so that a passkey and its device find each
 * other. It is sealed like every label: the server does not see which belongs to which.
 */
export function passkeyDeviceLabel(credentialId: string): string {
  return credentialId.slice(0, labelCharacters);
}
