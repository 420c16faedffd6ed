import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';
import { bytesSchema, chainIdSchema, idSchema } from '../platform/wire-schemas.ts';
import type { AccountCommands, DeviceProof, HttpRoutes } from '../protocol/accounts.ts';
import { limits } from '../protocol/limits.ts';
import type { SignedLink } from '../protocol/offices.ts';

type Body<Route extends keyof HttpRoutes> = Parameters<HttpRoutes[Route]>[0];

export const signedLinkSchema = z.strictObject({
  link: bytesSchema({ maxBytes: limits.linkBytes }),
  boxes: z.array(bytesSchema({ maxBytes: limits.boxBytes })).max(limits.boxesPerLink),
  previousBox: bytesSchema({ maxBytes: limits.boxBytes }).nullable(),
}) satisfies z.ZodType<SignedLink>;

const deviceProofSchema = z.strictObject({
  deviceId: idSchema<'device'>(),
  signature: bytesSchema({ minBytes: 64, maxBytes: 64 }),
}) satisfies z.ZodType<DeviceProof>;

/** Ways in that are made with the account: a passkey's device, a recovery code's. */
const maxFirstLinks = 4;
/** What one act changes: devices in and out, a new key. */
const maxLinksAtOnce = 8;
/** Inboxes one person belongs to. */
const maxInboxLinks = 50;
/** 32 random bytes in the fragment of an invitation's link. */
const tokenSchema = z.string().max(100);

/** WebAuthn §4: at most 1023 bytes. */
const credentialIdSchema = z.string().max(1_364);
const credentialFields = {
  id: credentialIdSchema,
  rawId: credentialIdSchema,
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
  // `prf.results` are key material and have no place here: `refusePrfResults` comes first.
  clientExtensionResults: z.strictObject({
    credProps: z.strictObject({ rk: z.boolean().optional() }).optional(),
    prf: z.strictObject({ enabled: z.boolean().optional() }).optional(),
  }),
};
const clientDataSchema = z.string().max(4_096);

const registrationResponseSchema = z.strictObject({
  ...credentialFields,
  response: z.strictObject({
    clientDataJSON: clientDataSchema,
    attestationObject: z.string().max(22_000),
    // What follows repeats parts of the attestation object; only that is believed.
    authenticatorData: z.string().max(22_000).optional(),
    publicKey: z.string().max(4_096).optional(),
    publicKeyAlgorithm: z.int().optional(),
    transports: z
      .array(z.enum(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']).or(z.string().max(40)))
      .max(20)
      .optional(),
  }),
});

const authenticationResponseSchema = z.strictObject({
  ...credentialFields,
  response: z.strictObject({
    clientDataJSON: clientDataSchema,
    authenticatorData: z.string().max(4_096),
    signature: z.string().max(2_048),
    userHandle: z.string().max(88).optional(),
  }),
});

/** A few words, sealed. */
const labelSchema = bytesSchema({ maxBytes: 1_024 }).nullable();

export const registrationOptionsSchema = z
  .strictObject({
    invitationToken: tokenSchema.optional(),
    deviceLinkId: idSchema<'device link'>().optional(),
    resetId: idSchema<'reset'>().optional(),
    addition: z.literal(true).optional(),
  })
  .refine((request) => Object.values(request).filter((value) => value !== undefined).length <= 1, 'one reason at most');
export const registrationSchema = z.strictObject({
  challengeId: idSchema<'challenge'>(),
  response: z.custom<RegistrationResponseJSON>((value) => registrationResponseSchema.safeParse(value).success, 'not a registration'),
  root: signedLinkSchema,
  links: z.array(signedLinkSchema).max(maxFirstLinks),
  device: deviceProofSchema,
  invitation: z.strictObject({ token: tokenSchema, proof: bytesSchema({ minBytes: 32, maxBytes: 32 }) }).optional(),
});
export const authenticationSchema = z.strictObject({
  challengeId: idSchema<'challenge'>(),
  response: z.custom<AuthenticationResponseJSON>((value) => authenticationResponseSchema.safeParse(value).success, 'not an authentication'),
  device: deviceProofSchema.optional(),
});
export const newPasskeySchema = z.strictObject({
  challengeId: idSchema<'challenge'>(),
  response: z.custom<RegistrationResponseJSON>((value) => registrationResponseSchema.safeParse(value).success, 'not a registration'),
  label: labelSchema,
  device: deviceProofSchema.optional(),
});
export const recoveryOptionsSchema = z.strictObject({ deviceId: idSchema<'device'>() }) satisfies z.ZodType<
  Body<'POST /api/recovery/options'>
>;
export const recoverySchema = z.strictObject({ challengeId: idSchema<'challenge'>(), device: deviceProofSchema }) satisfies z.ZodType<
  Body<'POST /api/recovery'>
>;
export const confirmationSchema = z.strictObject({
  challengeId: idSchema<'challenge'>(),
  response: z.custom<AuthenticationResponseJSON>((value) => authenticationResponseSchema.safeParse(value).success, 'not an authentication'),
});
export const bindingSchema = z.strictObject({ challengeId: idSchema<'challenge'>(), device: deviceProofSchema }) satisfies z.ZodType<
  Body<'POST /api/session/device'>
>;
export const deviceChallengeSchema = z.strictObject({ accountId: chainIdSchema<'account'>() }) satisfies z.ZodType<
  Body<'POST /api/sessions/challenge'>
>;
export const deviceSessionSchema = z.strictObject({
  challengeId: idSchema<'challenge'>(),
  accountId: chainIdSchema<'account'>(),
  device: deviceProofSchema,
}) satisfies z.ZodType<Body<'POST /api/sessions'>>;

export const loadAccountsSchema = z.strictObject({
  accountIds: z.array(chainIdSchema<'account'>()).max(limits.accountsPerLoad),
}) satisfies z.ZodType<Parameters<AccountCommands['account:load']>[0]>;
export const extendSchema = z.strictObject({
  links: z.array(signedLinkSchema).min(1).max(maxLinksAtOnce),
  inboxLinks: z.array(z.strictObject({ inboxId: chainIdSchema<'inbox'>(), link: signedLinkSchema })).max(maxInboxLinks),
}) satisfies z.ZodType<Parameters<AccountCommands['account:extend']>[0]>;

export const renamePasskeySchema = z.strictObject({ credentialId: credentialIdSchema, label: labelSchema }) satisfies z.ZodType<
  Parameters<AccountCommands['passkey:rename']>[0]
>;
export const removePasskeySchema = z.strictObject({ credentialId: credentialIdSchema }) satisfies z.ZodType<
  Parameters<AccountCommands['passkey:remove']>[0]
>;
export const endSessionSchema = z.strictObject({ sessionId: idSchema<'session'>() }) satisfies z.ZodType<
  Parameters<AccountCommands['session:end']>[0]
>;
export const nothingSchema = z.strictObject({});

/** Whether a body carries the output of a passkey's PRF, which is the seed of somebody's keys. */
export function carriesPrfResults(body: unknown): boolean {
  return prfResultsSchema.safeParse(body).success;
}

const prfResultsSchema = z.looseObject({
  response: z.looseObject({
    clientExtensionResults: z.looseObject({ prf: z.looseObject({ results: z.unknown().refine((results) => results !== undefined) }) }),
  }),
});
