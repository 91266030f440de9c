#!/usr/bin/env bash
# Upgrades a running cluster of two silos from an older commit to this one, under load, and holds what was acknowledged against the database:
#   eng/upgrade-test.sh [COMMIT]      default: the commit before this one
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
commit=$(git rev-parse --verify "${1:-HEAD~1}^{commit}")
old=$PWD/artifacts/upgrade/$commit
if [[ ! -f $old/EnergyTTT.Silo.dll ]]; then
  tree=$(mktemp -d)
  trap 'git worktree remove --force "$tree"' EXIT
  git worktree add --detach "$tree" "$commit" >/dev/null
  dotnet publish "$tree/src/Silo" -c Release -o "$old" -p:SourceRevisionId="$commit" -p:WithLibtorch=false -v quiet --nologo
fi
export ENERGYTTT_OLD_SERVER=$old/EnergyTTT.Silo.dll ENERGYTTT_OLD_VERSION="${commit:0:10}"
export ENERGYTTT_FAULTS=long ENERGYTTT_RESTART_ROUNDS="${ENERGYTTT_RESTART_ROUNDS:-1}" ENERGYTTT_FAULTS_REPORT="${ENERGYTTT_FAULTS_REPORT:-$PWD/artifacts/upgrade.md}"
: >"$ENERGYTTT_FAULTS_REPORT"
dotnet test tests/Faults -c Release --filter "FullyQualifiedName~RollingRestartTests" --logger "console;verbosity=normal"
cat "$ENERGYTTT_FAULTS_REPORT"
