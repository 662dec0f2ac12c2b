/**
 * `npm test`: every check of the house, in stages, each with its line and its time. The very last line is
 * `N passed, N failed`, counting every test of vitest and Playwright and every stage; the exit status follows it.
 *
 *     npm test                       all stages
 *     npm test -- lint unit          only these (names below)
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootstrapOrExit } from './bootstrap.mjs'
import { ensureChromium } from './chromium.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const reports = mkdtempSync(join(tmpdir(), 'bascule-test-reports-'))
const environment = {
  ...process.env,
  // A folder of its own: a demo that runs from .next must not lose its build.
  NEXT_DIST_DIR: '.next-test',
  NEXT_TELEMETRY_DISABLED: '1',
}
// The settings of a running app must not reach the tests, which set their own.
for (const name of ['DATABASE_URL', 'TARGET_DATABASE_URL', 'CONTROL_DATABASE_URL', 'CV_DATA_DIR', 'DATA_DIR', 'PORT'])
  delete environment[name]

/** Each stage answers the number of tests that passed and failed; a stage without tests counts as one. */
const stages = [
  {
    name: 'schemas',
    title: 'derived schema and schema migrations are fresh',
    run: () => command('tsx', 'tsx/dist/cli.mjs', ['scripts/schema.ts', 'check']),
  },
  { name: 'types', title: 'types', run: () => command('tsc', 'typescript/bin/tsc', ['--noEmit']) },
  {
    name: 'lint',
    title: 'lint and format',
    run: () => command('biome', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']),
  },
  { name: 'unit', title: 'unit, integration and architecture tests', run: runVitest },
  { name: 'build', title: 'production build', run: () => command('next', 'next/dist/bin/next', ['build']) },
  { name: 'browser', title: 'browser journeys', needs: 'build', run: runPlaywright },
]

async function main() {
  const chosen = process.argv.slice(2)
  const unknown = chosen.filter((name) => !stages.some((stage) => stage.name === name))
  if (unknown.length > 0) {
    console.error(`Unknown stage: ${unknown.join(', ')}. There are: ${stages.map((stage) => stage.name).join(', ')}`)
    return 2
  }
  const totals = { passed: 0, failed: 0 }
  const lines = []
  const failedStages = new Set()
  const add = (title, elapsedMs, { passed = 0, failed = 0, unsteady = [], problem } = {}) => {
    totals.passed += passed + (problem ? 0 : 1)
    totals.failed += failed + (problem ? 1 : 0)
    const tests = passed + failed > 0 ? `, ${passed} passed, ${failed} failed` : ''
    lines.push(`${problem ? '✗' : '✓'} ${title} (${(elapsedMs / 1000).toFixed(1)} s${tests})${problem ? `: ${problem}` : ''}`)
    lines.push(...unsteady.map((name) => `  unsteady, passed the second time: ${name}`))
    console.log(lines.slice(-1 - unsteady.length).join('\n'))
  }

  const startedAt = performance.now()
  await bootstrapOrExit()
  add('bootstrap', performance.now() - startedAt)
  for (const stage of stages.filter(({ name }) => chosen.length === 0 || chosen.includes(name))) {
    console.log(`\n── ${stage.title}`)
    const begun = performance.now()
    const result = failedStages.has(stage.needs) ? { problem: `not run, because ${stage.needs} failed` } : await attempt(stage.run)
    if (result.problem) failedStages.add(stage.name)
    add(stage.title, performance.now() - begun, result)
  }
  console.log(`\n${lines.join('\n')}\nin ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`)
  rmSync(reports, { recursive: true, force: true })
  console.log(`${totals.passed} passed, ${totals.failed} failed`)
  return totals.failed === 0 ? 0 : 1
}

async function attempt(run) {
  try {
    return await run()
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Runs a tool of node_modules; its output goes to the terminal. */
async function command(name, script, args, extra = {}) {
  const status = await execute(script, args, extra)
  return status === 0 ? {} : { problem: `${name} ended with ${status}` }
}

async function runVitest() {
  const file = join(reports, 'vitest.json')
  const status = await execute('vitest/vitest.mjs', ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${file}`])
  const report = readReport(file)
  if (!report) return { problem: `vitest ended with ${status} and left no report` }
  // A file that could not even be loaded has no test that failed.
  const broken = report.testResults.filter(
    (one) => one.status === 'failed' && !one.assertionResults.some((test) => test.status === 'failed'),
  )
  const unsteady = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter((test) => test.status === 'passed' && test.failureMessages.length > 0)
      .map((test) => `${relative(root, name)}: ${test.fullName}\n    ${test.failureMessages[0].split('\n')[0]}`),
  )
  return judge({ passed: report.numPassedTests, failed: report.numFailedTests + broken.length, unsteady, status })
}

async function runPlaywright() {
  const path = ensureChromium((line) => console.log(line))
  console.log(`Chromium: ${path}`)
  const file = join(reports, 'playwright.json')
  const extra = { CHROMIUM_PATH: path, PLAYWRIGHT_JSON_OUTPUT_NAME: file }
  const status = await execute('@playwright/test/cli.js', ['test', '--reporter=list,json'], extra)
  const report = readReport(file)
  if (!report) return { problem: `Playwright ended with ${status} and left no report` }
  const { expected, unexpected, flaky } = report.stats
  const unsteady = report.suites
    .flatMap(specsOf)
    .flatMap((spec) => (spec.tests.some((test) => test.status === 'flaky') ? [spec.title] : []))
  return judge({ passed: expected + flaky, failed: unexpected, unsteady, status })
}

function specsOf(suite) {
  return [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specsOf)]
}

/** A test that passed only the second time counts as passed, and is named: it, or what it tests, is to be mended. */
function judge({ passed, failed, unsteady, status }) {
  if (passed + failed === 0) return { problem: 'no test ran' }
  const counts = { passed, failed, unsteady }
  if (failed > 0) return { ...counts, problem: `${failed} of ${passed + failed} failed` }
  return status === 0 ? counts : { ...counts, problem: `ended with ${status}` }
}

function execute(script, args, extra = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
      cwd: root,
      env: { ...environment, ...extra },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    // A Ctrl-C reaches the child from the terminal by itself; these two do not.
    const forward = (signal) => child.kill(signal)
    process.on('SIGTERM', forward)
    process.on('SIGHUP', forward)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      process.off('SIGTERM', forward)
      process.off('SIGHUP', forward)
      if (signal || stopping) process.exit(130)
      resolve(code)
    })
  })
}

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopping = true
  })
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

process.exitCode = await main()
