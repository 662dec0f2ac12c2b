export type Role = 'USER' | 'ADMIN'

/** The person behind a request, as the active database knows them now. */
export interface SessionUser {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly role: Role
  /** When they signed in. */
  readonly authenticatedAt: Date
}

/** Whether this person may use the admin area. */
export function isAdmin(user: Pick<SessionUser, 'role'> | null): boolean {
  return user?.role === 'ADMIN'
}
