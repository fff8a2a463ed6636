// Every limit of the wire, with its unit, in one place.

/** Raised when a frame's meaning changes; a volunteer with another one is refused. */
export const PROTOCOL_VERSION = 3;

export const LIMITS = {
  /** Columns of a row. */
  dim: 1024,
  /** Rows of one matrix. */
  vocabulary: 2_000_000,
  /** Pairs of one lease. */
  leasePairs: 1 << 18,
  /** Touched rows of one matrix in one lease. */
  leaseRows: 1 << 19,
  /** Bytes of a device name. */
  device: 80,
  /** Bytes of a volunteer's own name: 40 characters of up to 4 bytes. */
  name: 160,
  /** Bytes of a browser's name. */
  browser: 40,
  /** Bytes of a reason shown to the volunteer. */
  reason: 300,
  /** Bytes of any frame but a result. */
  smallFrame: 1024,
  /** Leases a volunteer may hold at once: one in training, the others fetched ahead. */
  pipeline: 4,
} as const;

/** WebSocket close codes of the volunteer's socket (4000-4999 is the application's range). */
export const CLOSE = {
  /** The run is complete or stopped: do not come back. */
  finished: 4000,
  /** Another protocol version: reload the page. */
  version: 4001,
  /** A frame or a result that breaks the protocol. */
  violation: 4002,
  /** More volunteers than the coordinator takes: try again later. */
  full: 4003,
  /** The operator sent this volunteer away: do not come back. */
  banned: 4004,
} as const;
