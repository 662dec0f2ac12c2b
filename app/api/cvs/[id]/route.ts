import { userRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { deleteCv, openStoredCv } from '@/lib/cvsite/cvs'
import { getCvDependencies } from '../cv-dependencies'

/** A CV, decrypted: `text` is null for a PDF, whose bytes are under /content. */
export const GET = userRoute({ params: idParamsSchema }, async ({ user, params }) => {
  const { cv, content } = await openStoredCv(await getCvDependencies(), user.id, params.id, 'cv.opened')
  return { cv, text: cv.contentType.startsWith('text/') ? content.toString('utf8') : null }
})

/** Deletes a CV, row and file. */
export const DELETE = userRoute({ params: idParamsSchema }, async ({ user, params }) => {
  await deleteCv(await getCvDependencies(), user.id, params.id)
  return { deleted: params.id }
})
