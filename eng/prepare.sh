# shellcheck shell=bash
# Sourced by run.sh and test.sh: finds or installs what EnergyTTT needs on Debian 12 and Ubuntu 22.04 / 24.04.
# Nothing is installed that is already there, so a prepared machine needs no network and no sudo.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"
  elif command -v sudo >/dev/null; then say "sudo is needed once for: $*"; sudo "$@"
  else die "this needs root rights and there is no sudo: $*"; fi
}

_apt_fresh=
# apt_install NAME PACKAGE...: says what for, refreshes the package lists once, installs.
apt_install() {
  local what=$1; shift
  command -v apt-get >/dev/null || die "$what is missing; install it with your system's package manager (Debian's packages: $*)"
  say "installing $what ($*)"
  if [[ -z $_apt_fresh ]]; then as_root apt-get update -qq >&2; _apt_fresh=1; fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 || die "$what could not be installed; see above"
}

dotnet_ok() { command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; }

need_dotnet() {
  _need_dotnet
  # Published programs look for the runtime here when it is not in one of the well-known places.
  export DOTNET_ROOT; DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
}

_need_dotnet() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
  if ! dotnet_ok && [[ -x $HOME/.dotnet/dotnet ]]; then export PATH="$HOME/.dotnet:$PATH"; fi
  dotnet_ok && return
  if command -v apt-get >/dev/null && apt-cache show dotnet-sdk-10.0 >/dev/null 2>&1; then
    apt_install '.NET SDK 10' dotnet-sdk-10.0 && dotnet_ok && return
  fi
  say "installing .NET SDK 10 into $HOME/.dotnet by its vendor's installer"
  command -v curl >/dev/null || apt_install curl curl ca-certificates
  # The runtime itself needs ICU for cultures and libstdc++; distributions name the ICU package by its version.
  if command -v apt-get >/dev/null && ! ldconfig -p | grep -q libicuuc; then
    apt_install 'ICU (cultures)' "$(apt-cache search --names-only '^libicu[0-9]+$' | sort -V | tail -1 | cut -d' ' -f1)" libstdc++6 zlib1g
  fi
  local script; script=$(mktemp)
  curl -fsSL https://dot.net/v1/dotnet-install.sh -o "$script" || die ".NET's installer could not be fetched; install .NET SDK 10 by hand"
  bash "$script" --channel 10.0 --install-dir "$HOME/.dotnet" >&2 || die ".NET SDK 10 could not be installed"
  rm -f "$script"
  export PATH="$HOME/.dotnet:$PATH"
  dotnet_ok || die ".NET SDK 10 was installed but does not answer"
}

need_postgres() {
  local dir
  command -v postgres >/dev/null && return
  for dir in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do [[ -x $dir/postgres && -x $dir/initdb ]] && return; done
  # The distribution's package would also create and start a cluster of its own, which nobody asked for.
  if [[ -d /etc && ! -e /etc/postgresql-common/createcluster.conf ]] && command -v apt-get >/dev/null; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  apt_install 'the PostgreSQL server binaries' postgresql
}

need_node() {
  command -v npm >/dev/null && command -v node >/dev/null && return
  apt_install 'Node.js (it fetches the charts once)' nodejs npm
}

# Native compilation of the agent links with the system's C compiler.
need_compiler() {
  command -v cc >/dev/null && [[ -e /usr/include/zlib.h ]] && return
  apt_install 'a C compiler and zlib headers' gcc libc6-dev zlib1g-dev
}

need_chromium() {
  command -v chromium >/dev/null && return
  local b
  for b in chromium-browser google-chrome-stable google-chrome; do
    # Ubuntu's chromium-browser may be only a note that points to a snap.
    if command -v "$b" >/dev/null && "$b" --version >/dev/null 2>&1; then export ENERGYTTT_CHROMIUM; ENERGYTTT_CHROMIUM=$(command -v "$b"); return; fi
  done
  apt_install 'Chromium (browser tests)' chromium
}

# The client for engines in Python is tested with the interpreter that people have.
need_python() {
  command -v python3 >/dev/null && return
  apt_install 'Python 3 (tests of the Python client)' python3
}
