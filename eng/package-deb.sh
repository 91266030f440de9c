#!/usr/bin/env bash
# Builds Debian packages of the server (with the command line) and of the agent:
#   eng/package-deb.sh [--server | --agent] [--version V] [--out FOLDER]
# Self-contained: the target needs no .NET. Each carries what it is made of (sbom.cdx.json, CycloneDX) and the commit it was built from.
# The server suggests PostgreSQL (its programs serve as the private database when no connection string is given).
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
what=both; version=; out=artifacts/deb
while (($#)); do
  case $1 in
    --server) what=server ;;
    --agent) what=agent ;;
    --version) version=${2:?--version needs one}; shift ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    *) echo "usage: eng/package-deb.sh [--server | --agent] [--version V] [--out FOLDER]" >&2; exit 2 ;;
  esac
  shift
done
command -v dpkg-deb >/dev/null || { echo "dpkg-deb is needed to build packages" >&2; exit 1; }
version=${version:-0.1.0~$(git show -s --format=%cd --date=format:%Y%m%d%H%M HEAD 2>/dev/null || echo local)}
revision=$(git rev-parse HEAD 2>/dev/null || true)
stamp=(-p:Version="${version%%[~+-]*}" -p:SourceRevisionId="$revision")
arch=$(dpkg --print-architecture); rid=linux-x64; [[ $arch == arm64 ]] && rid=linux-arm64
mkdir -p "$out"
maintainer="EnergyTTT developers <energyttt@example.org>"

# finish NAME DESCRIPTION DEPENDS SUGGESTS: control, scripts and the archive of the tree in $root.
finish() {
  local name=$1 description=$2 depends=$3 suggests=$4
  mkdir -p "$root/DEBIAN" "$root/usr/share/lintian/overrides"
  { printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: EnergyTTT\n\nFiles: *\nCopyright: EnergyTTT contributors\nLicense: MIT\n'; sed '1,/^$/d; s/^$/./; s/^/ /' LICENSE; } >"$root/usr/share/doc/$name/copyright"
  printf '%s (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md of the sources%s.\n\n -- %s  %s\n' "$name" "$version" "${revision:+ at $revision}" "$maintainer" "$(date -uR -d "$(git show -s --format=%cI HEAD 2>/dev/null || date -uI)")" \
    | gzip -9n >"$root/usr/share/doc/$name/changelog.gz"
  # Third-party software lives in /opt, and the runtime of .NET and libtorch come as their makers built them.
  printf "$name: %s\n" dir-or-file-in-opt 'embedded-library *' 'unstripped-binary-or-object *' 'hardening-no-*' 'library-not-linked-against-libc *' 'shared-library-lacks-prerequisites *' 'custom-library-search-path *' 'no-manual-page *' 'executable-stack-in-shared-library *' >"$root/usr/share/lintian/overrides/$name"
  {
    echo "Package: $name"
    echo "Version: $version"
    echo "Architecture: $arch"
    echo "Maintainer: $maintainer"
    echo "Section: admin"
    echo "Priority: optional"
    echo "Installed-Size: $(du -ks --exclude=DEBIAN "$root" | cut -f1)"
    echo "Depends: $depends"
    [[ -z $suggests ]] || echo "Recommends: $suggests"
    echo "Description: $description"
    echo " EnergyTTT measures and governs the energy of fleets of LLM inference hosts."
  } >"$root/DEBIAN/control"
  find "$root/etc" -type f -printf '/etc/%P\n' 2>/dev/null | LC_ALL=C sort >"$root/DEBIAN/conffiles"
  cat >"$root/DEBIAN/postinst" <<S
#!/bin/sh
set -e
if [ "\$1" = configure ]; then
  id $account >/dev/null 2>&1 || useradd --system --no-create-home --home-dir /var/lib/$name --shell /usr/sbin/nologin $account
  [ ! -f /etc/energyttt/agent.key ] || chmod 0600 /etc/energyttt/agent.key
  if [ -d /run/systemd/system ]; then systemctl daemon-reload; systemctl try-restart $name.service || true; fi
fi
S
  cat >"$root/DEBIAN/prerm" <<S
#!/bin/sh
set -e
if [ "\$1" = remove ] && [ -d /run/systemd/system ]; then systemctl disable --now $name.service || true; fi
S
  cat >"$root/DEBIAN/postrm" <<S
#!/bin/sh
set -e
# Data are never removed by an uninstall; purge says where they are.
if [ "\$1" = purge ] && [ -d /var/lib/$name ]; then echo "$name: /var/lib/$name is kept; remove it yourself if you want to" >&2; fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
S
  chmod 0755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm" "$root/DEBIAN/postrm"
  find "$root" -type d -exec chmod 0755 {} +
  find "$root" -type f \( -name '*.dll' -o -name '*.json' -o -name '*.so' -o -name '*.so.*' -o -name '*.xml' -o -name '*.pdb' \) -exec chmod 0644 {} +
  dpkg-deb --root-owner-group -Zxz --build "$root" "$out/${name}_${version}_$arch.deb"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ $what != agent ]]; then
  root=$work/server account=energyttt
  mkdir -p "$root/opt/energyttt" "$root/lib/systemd/system" "$root/etc/energyttt" "$root/usr/bin" "$root/usr/share/doc/energyttt"
  dotnet publish src/Silo -c Release -r $rid --self-contained "${stamp[@]}" -o "$root/opt/energyttt/silo" -v quiet --nologo
  dotnet publish src/Cli -c Release -r $rid --self-contained "${stamp[@]}" -p:WithLibtorch=false -o "$root/opt/energyttt/cli" -v quiet --nologo
  # One copy of libtorch serves both.
  ln -s ../silo/libtorch "$root/opt/energyttt/cli/libtorch"
  ln -s ../../opt/energyttt/cli/energyttt "$root/usr/bin/energyttt"
  install -m 0644 deploy/systemd/energyttt.service "$root/lib/systemd/system/"
  printf '# Settings of the server, see /usr/share/doc/energyttt/operations.md.\n# ConnectionStrings__EnergyTTT=Host=db;Database=energyttt;Username=energyttt;Password=...\n' >"$root/etc/energyttt/server.env"
  chmod 0640 "$root/etc/energyttt/server.env"
  install -m 0644 docs/operations.md "$root/usr/share/doc/energyttt/"
  python3 eng/sbom.py --version "$version" --out "$root/usr/share/doc/energyttt/sbom.cdx.json"
  finish energyttt "server, API, portal and command line" "libc6, libgcc-s1, libstdc++6, libicu72 | libicu74 | libicu70, libssl3 | libssl3t64, passwd" "postgresql"
fi

if [[ $what != server ]]; then
  root=$work/agent account=energyttt-agent
  mkdir -p "$root/opt/energyttt/agent" "$root/lib/systemd/system" "$root/etc/energyttt" "$root/usr/bin" "$root/usr/share/doc/energyttt-agent"
  dotnet publish src/Agent -c Release -r $rid "${stamp[@]}" -o "$work/native" -v quiet --nologo
  install -m 0755 "$work/native/energyttt-agent" "$root/opt/energyttt/agent/"
  ln -s ../../opt/energyttt/agent/energyttt-agent "$root/usr/bin/energyttt-agent"
  install -m 0644 deploy/systemd/energyttt-agent.service deploy/systemd/energyttt-caps.service "$root/lib/systemd/system/"
  printf 'ENERGYTTT_SERVER=http://energyttt.example:8080\nENERGYTTT_AGENT_ARGS=\n# The key (energyttt keys create --role agent --host HOST) goes into /etc/energyttt/agent.key, mode 0600.\n' >"$root/etc/energyttt/agent.env"
  install -m 0644 src/Agent/README.md "$root/usr/share/doc/energyttt-agent/"
  python3 eng/sbom.py --project src/Agent --version "$version" --out "$root/usr/share/doc/energyttt-agent/sbom.cdx.json"
  finish energyttt-agent "agent for GPU hosts" "libc6, passwd" ""
fi
