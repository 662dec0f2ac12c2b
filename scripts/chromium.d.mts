/** The path of a browser that is installed, or undefined: CHROMIUM_PATH, the system's, Playwright's own. */
export function findChromium(): string | undefined
/** The path of a browser, installed now when there is none; `say` receives a line for each thing that is done. */
export function ensureChromium(say: (line: string) => void): string
