# What `run` and `test` share: checking the machine, installing what can be installed, building what both need.
# Sourced, not run. Everything is installed by package name through the machine's own package managers.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

RUST_AT_LEAST=1.95
NODE_AT_LEAST=20
PYTHON_AT_LEAST=3.11

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
complain() { printf '\033[1;31m!!\033[0m  %s\n' "$*" >&2; }

# at_least HAVE WANT: whether version HAVE is WANT or newer.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# version_of COMMAND...: the first dotted number that it prints.
version_of() { "$@" 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true; }

# apt_install PACKAGE...: installs Debian packages when this user may; else says the command and fails.
apt_install() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else
            complain "missing: $*. Please run:  sudo apt-get update && sudo apt-get install -y $*"
            return 1
        fi
    fi
    command -v apt-get >/dev/null || { complain "missing: $* (Debian names); please install them"; return 1; }
    say "Installing $*"
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# check_machine: everything that building and running need; lists all that is missing before it gives up.
check_machine() {
    local missing=0 have
    have=$(version_of rustc --version)
    if [ -z "$have" ] || ! at_least "$have" "$RUST_AT_LEAST"; then
        complain "Rust $RUST_AT_LEAST or newer is needed (found: ${have:-none})."
        complain "  Get it with rustup: 'rustup update stable', or install rustup first (Debian 13: sudo apt-get install rustup && rustup default stable)."
        missing=1
    fi
    have=$(version_of node --version)
    if [ -z "$have" ] || ! at_least "$have" "$NODE_AT_LEAST" || ! command -v npm >/dev/null; then
        complain "Node $NODE_AT_LEAST or newer with npm is needed (found: ${have:-none})."
        complain "  Debian 13: sudo apt-get install nodejs npm. Debian 12 ships Node 18: install a newer one (nodesource or nvm)."
        missing=1
    fi
    have=$(version_of python3 --version)
    if [ -z "$have" ] || ! at_least "$have" "$PYTHON_AT_LEAST"; then
        complain "Python $PYTHON_AT_LEAST or newer is needed (found: ${have:-none}):  sudo apt-get install python3 python3-pip"
        missing=1
    elif ! python3 -m pip --version >/dev/null 2>&1; then
        apt_install python3-pip || missing=1
    fi
    command -v cc >/dev/null || apt_install gcc libc6-dev || missing=1
    command -v pdftotext >/dev/null || apt_install poppler-utils || missing=1
    [ "$missing" -eq 0 ] || { complain "Nothing was built. Install the above and run this again."; exit 1; }
}

# build_web: the browser's files, only when their sources changed.
build_web() {
    local stamp=web/dist/.built-from now
    now=$(find web src/web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -print0 \
        | sort -z | xargs -0 sha256sum | sha256sum)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then return; fi
    say "Building the web assets"
    (cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build)
    printf '%s\n' "$now" > "$stamp"
}
