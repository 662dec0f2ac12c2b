import pg from 'pg'

/** WAL that is written before the first run, in MiB: more than any of them writes between two checkpoints. */
const walMiB = 640
const messageMiB = 16

/** Gives each competitor a database of its own on one server, and none of them the costs of another. */
export interface EvenGround {
  /** Makes a fresh database, and has the server write down whatever lies in its memory. Returns its URL, a superuser's. */
  createDatabase(name: string): Promise<string>
  /** To be called when one has ended, or autovacuum would visit its tables while the next one runs. */
  dropDatabase(name: string): Promise<void>
}

/**
 * Has the server make the files of its log first: a new server makes and zeroes each on the way, which whoever comes first would pay for
 * all (0.6 s of ten here); later ones are written over.
 *
 * @param url of a superuser
 */
export async function levelGround(url: string): Promise<EvenGround> {
  const ask = async (...statements: readonly string[]) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      for (const sql of statements) await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await ask(
    `SELECT count(pg_logical_emit_message(false, 'bench', repeat('x', ${messageMiB} * 1024 * 1024)))
     FROM generate_series(1, ${walMiB / messageMiB})`,
    'CHECKPOINT',
  )
  return {
    createDatabase: async (name) => {
      await ask(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`, 'CHECKPOINT')
      return url.replace(/\/postgres$/, `/${name}`)
    },
    dropDatabase: (name) => ask(`DROP DATABASE ${name}`),
  }
}
