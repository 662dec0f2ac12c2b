/**
 * The commands that recover without this app, by name: those of docs/recovery.md, letter for letter (`tests/recovery.test.ts` compares
 * and follows them). The recovery kit prints them, because whoever needs it may have nothing else of the app.
 */
export const recoveryCommands = {
  'fetch-rclone': `rclone copyto --s3-provider=Other --s3-env-auth --s3-endpoint="$ENDPOINT" \\
  --s3-region="$REGION" ":s3:$BUCKET/$KEY" "$ARCHIVE"`,
  'open-passphrase': 'age --decrypt "$ARCHIVE" | tar --extract --gzip',
  'open-recipients': 'age --decrypt --identity key.txt "$ARCHIVE" | tar --extract --gzip',
  check: 'sha256sum --check SHA256SUMS',
  sqlite: `sqlite3 database/app.db 'PRAGMA integrity_check'`,
  custom: `createdb --template=template0 --encoding=UTF8 recovered
pg_restore --exit-on-error --clean --if-exists --no-owner --no-privileges \\
  --dbname=recovered database/database.dump`,
  plain: `createdb --template=template0 --encoding=UTF8 recovered
gzip --decompress --stdout database/database.sql.gz |
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=recovered`,
  portable: `createdb --template=template0 --encoding=UTF8 recovered
(cd database && psql --no-psqlrc --quiet --dbname=recovered --file=restore.sql)`,
  files: `mkdir --parents "$CV_DATA_DIR"
cp --recursive cv_data/. "$CV_DATA_DIR"
chmod --recursive u=rwX,go= "$CV_DATA_DIR"`,
  'read-file': `node -e '
const { createDecipheriv } = require("node:crypto"), { readFileSync } = require("node:fs")
const file = readFileSync(\`cv_data/\${process.env.NAME}\`), header = file.subarray(0, 28)
const open = createDecipheriv("aes-256-gcm", Buffer.from(process.env.KEY, "base64"), header.subarray(16), { authTagLength: 16 })
open.setAAD(Buffer.concat([header, Buffer.from(process.env.NAME)])).setAuthTag(file.subarray(-16))
process.stdout.write(Buffer.concat([open.update(file.subarray(28, -16)), open.final()]))
'`,
} as const
