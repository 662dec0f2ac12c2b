/** Installs Debian packages as root; otherwise throws, saying what to install. */
export function installSystemPackages(names: readonly string[], purpose: string, say: (line: string) => void): void
