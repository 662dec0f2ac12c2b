/** The words of the recovery kit. Not with the messages of the pages: the kit is a document of its own, complete in itself. */
export const recoveryKitTexts = {
  en: {
    title: 'Recovery kit',
    intro:
      'Print this page, or keep it in a password manager. It is shown once. Whoever has it and an archive can read everything; without it an encrypted archive cannot be opened by anybody.',
    app: 'Application',
    server: 'Archives on its server',
    elsewhere: 'Copies elsewhere, on the day of this kit',
    nowhere: 'None yet. Note later ones here by hand, with where their keys are.',
    folder: (path: string) => `folder ${path}`,
    bucket: (bucket: string, endpoint: string, region: string) => `bucket ${bucket} at ${endpoint}, region ${region}`,
    made: 'Made on',
    passphrase: 'Passphrase of the backups',
    identity: 'Private key of the backups (age)',
    recipients: 'Public keys (age recipients)',
    ownIdentity: 'The private keys that belong to these are with whoever made them. Keep them beside this page.',
    fileKey: 'CV_ENCRYPTION_KEY (base64), without which the files of people cannot be read',
    fingerprint: 'Its fingerprint, as the app and each archive show it',
    steps: 'To recover without the app',
    programs:
      'On any Linux: tar, gzip, age, sha256sum; sqlite3 for an SQLite archive; createdb, psql and pg_restore for a PostgreSQL one. Below, ARCHIVE is the path of the archive, backup-….tar.gz.age. Take the newest that the app called restore-tested.',
    fetch:
      'Fetch it, where it is only in a bucket. KEY is the folder in the bucket and the archive’s name; the storage’s own key pair is not in this kit.',
    open: 'Unpack it in an empty folder, and stay there.',
    ask: 'age asks for the passphrase above.',
    key: 'The private key above stands in the file key.txt, on one line.',
    check: 'Check it. Every line must end in OK.',
    database: 'The database. In manifest.json, “format” under “database” says which of these is yours.',
    sqlite: 'sqlite: database/app.db is the database, ready to use. It must say ok:',
    postgresql:
      'For the others a PostgreSQL server is needed, at least as new as that of the backup; PGHOST, PGPORT, PGUSER and PGPASSWORD say where.',
    files: 'The files, into the folder that CV_DATA_DIR names.',
    readFile: 'To read one of them without the app, with Node (NAME is its path below cv_data, KEY the CV_ENCRYPTION_KEY above):',
    start:
      'Start the app with CV_ENCRYPTION_KEY from above, CV_DATA_DIR on the files, and DATABASE_URL on the database: file:/path/app.db, or postgresql://user:password@host:5432/recovered?schema=NAME, where NAME is the “schema” in manifest.json. A .env in the archive is the one of the server.',
    foreign:
      'An archive that somebody else made can run commands through psql and pg_restore: load it as a role that is no superuser, on a server where nothing else is.',
  },
  fr: {
    title: 'Kit de secours',
    intro:
      'Imprimez cette page, ou gardez-la dans un gestionnaire de mots de passe. Elle n’est montrée qu’une fois. Qui la possède avec une archive peut tout lire ; sans elle, personne ne peut ouvrir une archive chiffrée.',
    app: 'Application',
    server: 'Archives sur son serveur',
    elsewhere: 'Copies ailleurs, au jour de ce kit',
    nowhere: 'Aucune pour l’instant. Notez ici à la main les suivantes, et où sont leurs clés.',
    folder: (path: string) => `dossier ${path}`,
    bucket: (bucket: string, endpoint: string, region: string) => `compartiment ${bucket} sur ${endpoint}, région ${region}`,
    made: 'Fait le',
    passphrase: 'Phrase secrète des sauvegardes',
    identity: 'Clé privée des sauvegardes (age)',
    recipients: 'Clés publiques (destinataires age)',
    ownIdentity: 'Les clés privées correspondantes sont chez la personne qui les a créées. Gardez-les avec cette page.',
    fileKey: 'CV_ENCRYPTION_KEY (base64), sans laquelle les fichiers des personnes sont illisibles',
    fingerprint: 'Son empreinte, telle que l’application et chaque archive la montrent',
    steps: 'Pour récupérer sans l’application',
    programs:
      'Sur n’importe quel Linux : tar, gzip, age, sha256sum ; sqlite3 pour une archive SQLite ; createdb, psql et pg_restore pour une archive PostgreSQL. Ci-dessous, ARCHIVE est le chemin de l’archive, backup-….tar.gz.age. Prenez la plus récente que l’application disait testée par restauration.',
    fetch:
      'La rapatrier, si elle n’est que dans un compartiment. KEY est le dossier dans le compartiment suivi du nom de l’archive ; la paire de clés du stockage n’est pas dans ce kit.',
    open: 'La déballer dans un dossier vide, et y rester.',
    ask: 'age demande la phrase secrète ci-dessus.',
    key: 'La clé privée ci-dessus est dans le fichier key.txt, sur une ligne.',
    check: 'La contrôler. Chaque ligne doit finir par OK.',
    database: 'La base de données. Dans manifest.json, « format » sous « database » dit lequel de ces cas est le vôtre.',
    sqlite: 'sqlite : database/app.db est la base, prête à servir. La réponse doit être ok :',
    postgresql:
      'Pour les autres, il faut un serveur PostgreSQL au moins aussi récent que celui de la sauvegarde ; PGHOST, PGPORT, PGUSER et PGPASSWORD disent où.',
    files: 'Les fichiers, dans le dossier que désigne CV_DATA_DIR.',
    readFile: 'Pour en lire un sans l’application, avec Node (NAME est son chemin sous cv_data, KEY la CV_ENCRYPTION_KEY ci-dessus) :',
    start:
      'Démarrez l’application avec la CV_ENCRYPTION_KEY ci-dessus, CV_DATA_DIR sur les fichiers et DATABASE_URL sur la base : file:/chemin/app.db, ou postgresql://utilisateur:motdepasse@hôte:5432/recovered?schema=NOM, où NOM est le « schema » de manifest.json. Un fichier .env dans l’archive est celui du serveur.',
    foreign:
      'Une archive faite par quelqu’un d’autre peut exécuter des commandes par psql et pg_restore : chargez-la avec un rôle qui n’est pas superutilisateur, sur un serveur où il n’y a rien d’autre.',
  },
} as const

export type RecoveryKitTexts = (typeof recoveryKitTexts)[keyof typeof recoveryKitTexts]
