/** Finds a Chromium for the browser journeys, or gets one. Plain JavaScript, for the test runner and Playwright's configuration. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { BootstrapError, installSystemPackages } from './bootstrap.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
const applications = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium']

/** The path of a browser that is installed, or undefined: CHROMIUM_PATH, the system's, Playwright's own. */
export function findChromium() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const candidates = [process.env.CHROMIUM_PATH, ...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...applications]
  return [...candidates, playwrightsOwn()].find((path) => path && existsSync(path))
}

/**
 * The path of a browser, installed now when there is none: as root on Debian by apt-get, else Playwright's download.
 *
 * @param {(line: string) => void} say receives one plain line for each thing that is done
 * @throws {BootstrapError} with what to install
 */
export function ensureChromium(say) {
  const found = findChromium()
  if (found) return found
  try {
    installSystemPackages(['chromium'], 'run the browser journeys', say)
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error
    say('Downloading Playwright’s own Chromium …')
    const cli = createRequire(import.meta.url).resolve('@playwright/test/cli')
    spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: ['ignore', 2, 2] })
  }
  const path = findChromium()
  if (!path) throw new BootstrapError('No Chromium could be found or installed. Install one, or name it in CHROMIUM_PATH.')
  return path
}

function playwrightsOwn() {
  try {
    return createRequire(import.meta.url)('@playwright/test').chromium.executablePath()
  } catch {
    return undefined
  }
}
