/**
 * Runs a program of ours as one piece of JavaScript, in half of the memory that reading its TypeScript file by file takes:
 *
 *     node --optimize-for-size --max-semi-space-size=2 scripts/launch.mjs scripts/backup.ts list
 *
 * The piece is made by esbuild in half a second when a source file has changed, and kept below node_modules/.cache. Where
 * that folder cannot be written to, tsx reads the sources as before: more memory, and the same program.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const root = dirname(import.meta.dirname)
const cache = join(root, 'node_modules/.cache/bascule/programs')
/** Raised when what is made below would come out otherwise from the same sources. */
const version = 1

// Prisma's query compiler is WebAssembly of megabytes that runs for a blink: optimising it takes 70 MiB and saves nothing.
setFlagsFromString('--liftoff-only')
// For lib/core/release-buffers.ts.
setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc')

/** Path of the ready program; null when none can be kept here. */
async function prepare(entry) {
  const name = entry.replace(/\.ts$/, '').replaceAll(/[^a-z]+/gi, '-')
  const program = join(cache, `${name}.mjs`)
  const stamp = join(cache, `${name}.json`)
  if (isCurrent(stamp)) return program
  const { text, inputs } = await bundle(entry)
  try {
    mkdirSync(cache, { recursive: true })
    // The stamp goes first and comes last: whoever finds it finds the program it speaks of, or a newer one.
    rmSync(stamp, { force: true })
    replace(program, text)
    replace(stamp, JSON.stringify({ version, inputs }))
    return program
  } catch {
    return null
  }
}

function isCurrent(stamp) {
  try {
    const known = JSON.parse(readFileSync(stamp, 'utf8'))
    return known.version === version && Object.entries(known.inputs).every(([path, mark]) => markOf(path) === mark)
  } catch {
    return false
  }
}

async function bundle(entry) {
  const { build } = await import('esbuild')
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    outfile: 'program.mjs',
    write: false,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
    plugins: [whereItStood],
  })
  const inputs = [...Object.keys(result.metafile.inputs), 'tsconfig.json', 'tsconfig.base.json']
  return { text: result.outputFiles[0].text, inputs: Object.fromEntries(inputs.map((path) => [path, markOf(path)])) }
}

/** Modules look for files beside themselves: each keeps the place where its source stands. */
const whereItStood = {
  name: 'where-it-stood',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
      return { contents, loader: 'ts' }
    })
  },
}

function markOf(path) {
  const { size, mtimeMs } = statSync(join(root, path))
  return `${size} ${mtimeMs}`
}

function replace(path, text) {
  const partial = `${path}.${process.pid}`
  writeFileSync(partial, text)
  renameSync(partial, path)
}

async function launch([entry, ...rest]) {
  if (entry === undefined) {
    console.error('Usage: node scripts/launch.mjs <program.ts> [arguments]')
    process.exitCode = 2
    return
  }
  const source = resolve(root, entry)
  // The program sees its own arguments where it would have them without us.
  process.argv = [process.execPath, source, ...rest]
  const program = await prepare(entry)
  if (program === null) (await import('tsx/esm/api')).register()
  await import(pathToFileURL(program ?? source).href)
}

// Whoever reads our output may stop (`| head`). What is under way still goes to its end, and the exit status tells of it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
  })
}
await launch(process.argv.slice(2))
