import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { dependencyRules, sourceFolders } from './layers'

export interface ImportReport {
  /** Files that were read. */
  readonly files: readonly string[]
  /** "rule: from → to", one line for each violation, sorted. */
  readonly violations: readonly string[]
}

/** Reads the imports of every source file under `root` (types included) and applies the rules of layers.ts. */
export async function checkImports(root: string): Promise<ImportReport> {
  const answer = await cruise(
    [...sourceFolders],
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: dependencyRules() },
      // Type-only imports couple layers as well; the compiler would have dropped them.
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '(^|/)generated/' },
    },
    { alias: { '@': root } },
  )
  const result = answer.output as ICruiseResult
  return {
    files: result.modules.filter((module) => !module.coreModule && !module.couldNotResolve).map((module) => module.source),
    violations: result.summary.violations.map((one) => `${one.rule.name}: ${one.from} → ${one.to}`).sort(),
  }
}
