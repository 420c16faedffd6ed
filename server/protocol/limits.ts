/** Limits that both sides know. Sizes in bytes of the decoded bytes, times in milliseconds. */
export const limits = {
  envelopeBytes: 32 * 1024,
  linkBytes: 64 * 1024,
  /** seal() of 32 bytes is 1168; room for a later suite. */
  boxBytes: 4 * 1024,
  boxesPerLink: 500,
  /** Of an epoch: citizen and inbox, or the citizen and each official of an inbox whose key is being renewed. */
  readersPerEpoch: 400,
  /** A chain that is longer is refused before any of its signatures is looked at. */
  linksPerUserChain: 2_000,
  linksPerInboxChain: 20_000,
  linksPerPage: 200,
  entriesPerPage: 200,
  accountsPerLoad: 100,
  casesPerSurvey: 200,
  displayNameCharacters: 80,
  /** Characters of one text message, before sealing. */
  textCharacters: 4_000,
  frameBytes: 1024 * 1024,
  socketsPerSession: 5,
  requestTimeoutMs: 5_000,
  /** A queue entry keeps its place this long without any connection of its owner. */
  absenceGraceMs: 5 * 60_000,
  /** The same for somebody who can be reached by push. */
  absenceGraceWithPushMs: 15 * 60_000,
  /** How long a citizen who is called has to answer; the same again, once, when he asks. */
  answerMs: 90_000,
  /** So many missed turns, and the ticket is parked. */
  missedTurns: 3,
  ringsPerTenMinutes: 3,
  redirects: 5,
  /** An official who is neither connected nor in the room for this long has vanished: the ticket goes back to its place. */
  leaseMs: 25_000,
  callParticipants: 6,
  callInviteMs: 60 * 60_000,
  callSignalBytes: 8 * 1024,
  lineCheckMs: 20_000,
  callGrantBytes: 2 * 1024,
  guestNameCharacters: 60,
  ratingMs: 24 * 60 * 60_000,
  holdMs: 10 * 60_000,
  openBookingsPerAccount: 3,
  /** How long before its start an appointment can be checked in. */
  checkInEarlyMs: 10 * 60_000,
  /** How long after its start it counts as missed. */
  checkInLateMs: 15 * 60_000,
  invitationMs: 24 * 60 * 60_000,
  challengeMs: 5 * 60_000,
  /** How long after a passkey was shown the heavier acts need no other. */
  confirmationMs: 5 * 60_000,
  deviceLinkMs: 10 * 60_000,
  deviceLinkMessageBytes: 16 * 1024,
  deviceLinkMessages: 8,
  recoveryTriesPerDay: 5,
  /** A request to reset an account: as long as it waits for registrars, and for its person once it is due. */
  resetRequestMs: 7 * 24 * 60 * 60_000,
  resetDraftBytes: 8 * 1024,
  attestationBytes: 1024,
  /** A proposal that nobody signed. */
  proposalMs: 14 * 24 * 60 * 60_000,
  passkeysPerAccount: 20,
  /** Of one attachment, before sealing. */
  fileBytes: 100_000_000,
  filePartBytes: 1024 * 1024,
  fileNameCharacters: 255,
  /** Files of one message, as they are chosen. */
  filesAtOnce: 10,
  thumbnailBytes: 8 * 1024,
  /** Files somebody may have begun and not finished. */
  openUploads: 3,
  /** An upload nothing more comes for is swept away. */
  uploadIdleMs: 15 * 60_000,
  uploadBytesPerDay: 200 * 1024 * 1024,
  conversationFileBytes: 1024 ** 3,
  officeFileBytes: 10 * 1024 ** 3,
} as const;
