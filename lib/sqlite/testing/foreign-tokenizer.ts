import Database from 'better-sqlite3'

/** Gives a file full text indexes whose tokenizers only another program has, as Signal's, Firefox's and calibre's files have them. */
export function addForeignIndexes(path: string): void {
  const db = new Database(path)
  db.exec(`
    CREATE VIRTUAL TABLE foreign_five USING fts5(body, tokenize='porter');
    INSERT INTO foreign_five VALUES ('words');
    CREATE VIRTUAL TABLE foreign_four USING fts4(body, tokenize=porter);
    INSERT INTO foreign_four VALUES ('words')`)
  db.unsafeMode(true)
  db.pragma('writable_schema = ON')
  db.exec(`UPDATE sqlite_schema SET sql = replace(sql, 'porter', 'another_programs') WHERE name IN ('foreign_five', 'foreign_four')`)
  db.close()
}
