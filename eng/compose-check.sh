#!/usr/bin/env bash
# Tries docker-compose.yml for real, as a project of its own with volumes of its own, and removes it afterwards:
#   eng/compose-check.sh [--keep] [--no-build]
# From nothing to a signed-in page with the simulated fleet; what the containers may do; then each silo is killed while the portal is looked at.
# Needs a Docker engine, Compose and curl. Ends with the line "compose: N checks passed, N failed".
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
keep=; build=--build
while (($#)); do
  case $1 in --keep) keep=1 ;; --no-build) build= ;; *) sed -n '2,5p' "$0"; exit 2 ;; esac
  shift
done
for tool in docker curl python3; do command -v $tool >/dev/null || { echo "$tool is needed" >&2; exit 1; }; done
docker info >/dev/null 2>&1 || { echo "no Docker engine answers" >&2; exit 1; }
if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
project=energytttcheck
export ENERGYTTT_PORT=18080 ENERGYTTT_SILO_1_PORT=18081 ENERGYTTT_SILO_2_PORT=18082
ENERGYTTT_REVISION=$(git rev-parse HEAD 2>/dev/null || true); export ENERGYTTT_REVISION
portal=http://127.0.0.1:$ENERGYTTT_PORT
dc() { "${compose[@]}" -p $project --profile fleet "$@"; }
passed=0; failed=0; work=$(mktemp -d)
check() { # check WHAT COMMAND...
  local what=$1; shift
  if "$@"; then passed=$((passed + 1)); echo "ok      $what"; else failed=$((failed + 1)); echo "FAILED  $what"; fi
}
finish() {
  if [[ -z $keep ]]; then dc down --volumes --timeout 10 >/dev/null 2>&1 || true; fi
  rm -rf "$work"
}
trap finish EXIT
container() { dc ps -q "$1"; }
within() { # within SECONDS COMMAND...: until it succeeds
  local until=$((SECONDS + $1)); shift
  until "$@"; do ((SECONDS < until)) || return 1; sleep 0.5; done
}

dc down --volumes --timeout 10 >/dev/null 2>&1 || true
began=$SECONDS
dc up -d $build 2>&1 | tail -5
echo "        up after $((SECONDS - began)) s, images included"

# A person's way in: the token of the log, the set-up page, the sign-in page.
token() { dc logs portal 2>/dev/null | sed -n 's/.*One-time set-up token: \([a-z0-9-]*\).*/\1/p' | tail -1 | grep .; }
printed() { token >/dev/null; }
check "the portal prints a set-up token" within 120 printed
form() { # form PATH HANDLER FIELD=VALUE...: posts a page's form back
  local page=$portal$1 handler=$2; shift 2
  local hidden; hidden=$(curl -sf -b "$work/jar" -c "$work/jar" "$page" | sed -n 's/.*name="__RequestVerificationToken" value="\([^"]*\)".*/\1/p' | head -1)
  local fields=(--data-urlencode "_handler=$handler" --data-urlencode "__RequestVerificationToken=$hidden"); for field; do fields+=(--data-urlencode "$field"); done
  curl -s -o "$work/answer" -w '%{http_code}' -b "$work/jar" -c "$work/jar" "${fields[@]}" "$page"
}
password="correct horse $RANDOM staple"
set_up() { [[ $(form /setup setup "Input.Token=$(token)" Input.UserName=ada "Input.Password=$password" "Input.Repeat=$password") == 302 ]]; }
sign_in() { rm -f "$work/jar"; [[ $(form /sign-in sign-in Input.UserName=ada "Input.Password=$password") == 302 ]]; }
page() { curl -sf -b "$work/jar" "$portal/" | grep -q 'ada'; }
check "the first administrator is made" set_up
check "the administrator signs in" sign_in
check "the signed-in page greets her" page
echo "        signed in $((SECONDS - began)) s after nothing was there"

ask() { curl -sf -m 5 -b "$work/jar" "$portal$1"; }
live() { ask /v1/status | python3 -c 'import json,sys; s=json.load(sys.stdin); sys.exit(0 if s["gpus_live"] >= 64 and s["silos"] == int(sys.argv[1]) else 1)' "$1" 2>/dev/null; }
check "64 simulated GPUs are live, two silos" within 120 live 2
revision=$(docker inspect -f '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$(container portal)")
check "status says the commit of the image, ${revision:-none}" bash -c "[[ -n '$revision' ]] && curl -sf -b '$work/jar' $portal/v1/status | grep -q '$revision'"

# What the containers may do.
for service in silo-1 silo-2 portal postgres; do
  id=$(container $service)
  check "$service is healthy" within 60 bash -c "[[ \$(docker inspect -f '{{.State.Health.Status}}' $id) == healthy ]]"
  check "$service has a read-only root, no capability beyond its own, a memory limit" bash -c \
    "docker inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{gt .HostConfig.Memory 0}}' $id | grep -qx 'true \[ALL\] true'"
  check "$service has no secret in its environment" bash -c "! docker inspect -f '{{.Config.Env}} {{.Config.Cmd}}' $id | grep -qF \"\$(docker exec $(container postgres) cat /secrets/database-password)\""
done
for service in silo-1 portal; do
  check "$service runs without rights and cannot write to its image" bash -c "[[ \$(docker exec $(container $service) id -u) == 1654 ]] && ! docker exec $(container $service) touch /app/x 2>/dev/null"
done
check "the database is not reachable from outside" bash -c "! docker inspect -f '{{.NetworkSettings.Ports}}' $(container postgres) | grep -q HostPort"

# A silo is killed while somebody looks: the page answers, says what it does not know, and goes on.
newest() { ask /v1/fleet | python3 -c '
import json,sys
def times(o):
    if isinstance(o, dict):
        for k, v in o.items():
            yield from ([v] if k in ("received", "latest", "taken", "time", "as_of") and isinstance(v, str) else times(v))
    elif isinstance(o, list):
        for v in o: yield from (times(v) if not isinstance(v, str) else [])
print(max(times(json.load(sys.stdin)), default=""))' 2>/dev/null; }
for victim in silo-2 silo-1; do
  id=$(container $victim); before=$(newest)
  docker kill "$id" >/dev/null; t=$SECONDS; unanswered=0; longest=0; run=0
  until page && now=$(newest) && [[ $now > $before ]] && live 1; do
    ((SECONDS - t < 90)) || break
    if ! page; then unanswered=$((unanswered + 1)); fi
    sleep 0.5
  done
  gap=$((SECONDS - t))
  check "$victim killed: the page answers, 64 GPUs are live again after ${gap} s ($unanswered unanswered pages)" bash -c "(( $gap < 60 && $unanswered == 0 ))"
  docker start "$id" >/dev/null
  check "$victim started again: two silos, 64 GPUs live" within 90 live 2
done
check "the fleet never ended" bash -c "[[ \$(docker inspect -f '{{.State.Running}}' $(container fleet)) == true ]]"
docker stats --no-stream --format '        {{.Name}} {{.MemUsage}}' $(dc ps -q)
echo "compose: $passed checks passed, $failed failed ($("${compose[@]}" version --short 2>/dev/null || true), Docker $(docker version -f '{{.Server.Version}}'))"
((failed == 0))
