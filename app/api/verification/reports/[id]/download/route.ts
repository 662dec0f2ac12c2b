import { cookies } from 'next/headers'
import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { functionReports } from '@/app/_server/function-reports'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { writeReportCsv } from '@/app/_server/report-csv'
import { writeReportDocument } from '@/app/_server/report-document'
import { chooseLocale, localeCookie } from '@/app/i18n/locales'
import { recordAudit } from '@/lib/control/audit'

const querySchema = z.object({ format: z.enum(['json', 'csv', 'html']) })

/**
 * A report to keep or hand on: as it is stored, as a table, or as a page that prints well. Each names its checksum, and brings
 * along what the app's functions came to last, with what was ticked off by hand, under a checksum of its own.
 */
export const GET = adminRoute({ params: idParamsSchema, query: querySchema }, async ({ container, user, params, query, request }) => {
  const report = await container.reports.get(params.id)
  const { format } = query
  await recordAudit(container.control, { actor: user.email, action: 'report.downloaded', subject: report.id, detail: { format } })
  const [functions = null] = await functionReports(container).list(1)
  const name = `verification-${report.createdAt.toISOString().slice(0, 19).replace(/\D/g, '-')}`
  if (format === 'csv') return file(writeReportCsv(report, functions), `${name}.csv`, 'text/csv; charset=utf-8')
  if (format === 'html') {
    const locale = chooseLocale((await cookies()).get(localeCookie)?.value, request.headers.get('accept-language'))
    return file(await writeReportDocument(report, locale, functions), `${name}.html`, 'text/html; charset=utf-8')
  }
  const { id, jobId, createdAt, requestedBy, checksum, result } = report
  // `result` last and as it is stored: its JSON text is what the checksum is of.
  const checksumOf = 'SHA-256 of the JSON text of "result"'
  const text = JSON.stringify({ id, jobId, createdAt, requestedBy, functions, checksum, checksumOf, result })
  return file(text, `${name}.json`, 'application/json; charset=utf-8')
})

function file(text: string, name: string, type: string): Response {
  return new Response(text, {
    headers: {
      'Content-Type': type,
      'Content-Disposition': `attachment; filename="${name}"`,
      'Cache-Control': 'private, no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    },
  })
}
