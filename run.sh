#!/usr/bin/env bash
# Installs what is missing, builds and starts EnergyTTT on http://localhost:8080.
#   ./run.sh [--demo] [--urls URL] [other settings of the server]
#   ./run.sh --build     only builds
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
# shellcheck source=eng/prepare.sh
source eng/prepare.sh

usage() {
  cat <<'U'
usage: ./run.sh [--build] [--demo] [--urls URL] [settings of the server]
  --build   only build (nothing is started)
  --demo    add 64 virtual GPUs that replay a trace recorded on a real H100 (marked as replayed), and a steered fleet of 64
            simulated GPUs in 4 deployments (marked as simulated)
  --urls    where to listen; default http://localhost:8080
The data (private PostgreSQL, generated secrets) live in $ENERGYTTT_DATA, by default the user's data folder.
U
}

build_only=; urls=http://localhost:8080; pass=()
while (($#)); do
  case $1 in
    --build) build_only=1 ;;
    --urls) [[ $# -ge 2 ]] || { usage >&2; exit 2; }; urls=$2; shift ;;
    --urls=*) urls=${1#--urls=} ;;
    -h|--help) usage; exit 0 ;;
    *) pass+=("$1") ;;
  esac
  shift
done

need_dotnet
[[ -n $build_only || -n ${ConnectionStrings__EnergyTTT:-} ]] || need_postgres

# Published once per state of the sources: the stamp is what the build was made from.
out=artifacts/publish/silo
stamp() { { git rev-parse HEAD 2>/dev/null || true; find src db data Directory.*.props global.json -type f -not -path '*/bin/*' -not -path '*/obj/*' -not -path '*/node_modules/*' -printf '%p %s %T@\n' 2>/dev/null | LC_ALL=C sort; } | sha256sum | cut -d' ' -f1; }
now=$(stamp)
if [[ ! -x $out/EnergyTTT.Silo || $(cat "$out.stamp" 2>/dev/null) != "$now" ]]; then
  need_node
  say "building EnergyTTT (Release)"
  dotnet publish src/Silo -c Release -o "$out" -v quiet --nologo >&2
  dotnet publish src/Cli -c Release -o artifacts/publish/cli -v quiet --nologo >&2
  stamp >"$out.stamp"
fi
if [[ -n $build_only ]]; then say "built: $out and artifacts/publish/cli"; exit 0; fi

say "starting EnergyTTT on $urls"
exec "$out/EnergyTTT.Silo" --urls "$urls" "${pass[@]}"
