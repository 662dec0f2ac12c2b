import type { JobHandlers } from '@/lib/jobs/job-handler'
import { createBackupHandler } from './backup'
import { createCopyHandler } from './copy'
import { createCutoverHandler } from './cutover'
import { createDiscardHandler } from './discard'
import { createFinishHandler } from './finish'
import { createForgetHandler } from './forget'
import { createForwardHandler } from './forward'
import { createFunctionsHandler } from './functions'
import type { HandlerDependencies } from './handler-dependencies'
import { createImportHandler } from './import'
import { createMaintainHandler } from './maintain'
import { createMigrateHandler } from './migrate'
import { createPreflightHandler } from './preflight'
import { createRecopyHandler } from './recopy'
import { createRestoreHandler } from './restore'
import { createRollbackHandler } from './rollback'
import { createTrialHandler } from './trial'
import { createVerifyHandler } from './verify'

/** The handler of each kind of job. */
export function createHandlers(dependencies: HandlerDependencies): JobHandlers {
  return {
    migrate: createMigrateHandler(dependencies),
    preflight: createPreflightHandler(dependencies),
    verify: createVerifyHandler(dependencies),
    recopy: createRecopyHandler(dependencies),
    functions: createFunctionsHandler(dependencies),
    cutover: createCutoverHandler(dependencies),
    discard: createDiscardHandler(dependencies),
    rollback: createRollbackHandler(dependencies),
    forward: createForwardHandler(dependencies),
    forget: createForgetHandler(dependencies),
    finish: createFinishHandler(dependencies),
    backup: createBackupHandler(dependencies),
    trial: createTrialHandler(dependencies),
    copy: createCopyHandler(dependencies),
    import: createImportHandler(dependencies),
    maintain: createMaintainHandler(dependencies),
    restore: createRestoreHandler(dependencies),
  }
}
