/** Every limit that a check of the preflight decides by. */
export const thresholds = {
  /** Clocks further apart than this confuse expiry times and the order of what is logged. */
  clockDifferenceMs: 2_000,
  /** What a migration holds open at once: its own connection, two lanes, one that counts. */
  migrationConnections: 4,
  /** The pool of one web process (lib/database). */
  appConnections: 10,
  /** A round trip that every query of the app will pay. */
  latencyMs: 50,
  /** The safety copy is the file, rewritten; a little more for its pages. */
  safetyCopyFactor: 1.02,
  /**
   * PostgreSQL's files for one byte of SQLite: rows are wider, indexes built anew, and the WAL of the load is kept for a
   * while. 1.6 was measured for cvsite's model with the bench; the rest is room for that WAL.
   */
  targetFactor: 2.5,
  /** Nobody fills a disk to its last byte. */
  reserveBytes: 16 * 1024 * 1024,
  minimumNode: [20, 19] as readonly [number, number],
  /** Names listed with a check. */
  examples: 20,
  timeouts: {
    /** One statement, one stat. */
    quickMs: 15_000,
    /** Connecting with all the checks of the target. */
    targetMs: 30_000,
    /** Reads the whole file or folder; generous, because it can be cancelled. */
    wholeMs: 4 * 3_600_000,
  },
} as const
