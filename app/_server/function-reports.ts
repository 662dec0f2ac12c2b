import { createFunctionReportStore } from '@/lib/control/function-reports'
import { functionReportSchema } from '@/lib/verification/function-report'
import type { Container } from './container'

/** What the app's functions came to, as kept in the control store. */
export function functionReports({ control }: Pick<Container, 'control'>) {
  return createFunctionReportStore(control, functionReportSchema)
}
