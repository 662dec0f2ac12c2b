import { AppError } from '@/lib/core/errors'

/** Every name that an archive of ours can contain. Nothing that begins with / or holds `..` matches. */
export const memberNamePattern =
  /^(manifest\.json|SHA256SUMS|\.env|database\/(app\.db|database\.dump|database\.sql\.gz|schema\.sql|structure\.sql|restore\.sql|data\/\d{4,6}\.copy)|cv_data\/[a-z0-9]{2}\/[a-z0-9]{24}\.cv)$/

/** Something that no backup of ours contains, whoever made the file. */
export function refused(detail: string): AppError {
  return new AppError({
    code: 'BACKUP_REFUSED',
    operation: 'read a backup',
    message: `The archive is refused. ${detail}`,
    hint: 'Nothing of it was used. Take an archive that this app has written.',
  })
}
