#!/usr/bin/env python3
"""Writes what a product is made of as CycloneDX 1.6 JSON: eng/sbom.py [--project src/Silo]... [--version V] [--out FILE]

Reads what the last restore has resolved (obj/project.assets.json), and the lock file of the browser's libraries. Only what is shipped is listed: analysers and what
only tests use is left out. The same inputs give the same bytes.
"""
import argparse
import base64
import json
import pathlib
import re
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEFAULT_PROJECTS = ["src/Silo", "src/Cli"]
# Brought by eng/Libtorch.targets and not as assets of the package.
COPIED = {"libtorch-cpu-linux-x64"}


def license_of(folders, library):
    for folder in folders:
        for nuspec in (pathlib.Path(folder) / library["path"]).glob("*.nuspec"):
            text = nuspec.read_text(encoding="utf-8-sig")
            if found := re.search(r'<license type="expression">([^<]+)</license>', text):
                return [{"expression": found.group(1).strip()}]
            if found := re.search(r"<licenseUrl>([^<]+)</licenseUrl>", text):
                return [{"license": {"name": "see " + found.group(1).strip(), "url": found.group(1).strip()}}]
    return []


def is_shipped(target):
    return any(name.rsplit("/", 1)[-1] != "_._" for kind in ("runtime", "runtimeTargets", "native") for name in target.get(kind, {}))


def packages_of(project):
    assets_file = ROOT / project / "obj" / "project.assets.json"
    if not assets_file.exists():
        sys.exit(f"{assets_file} does not exist: build or publish {project} first")
    assets = json.loads(assets_file.read_text())
    for target in assets["targets"].values():
        for name, resolved in target.items():
            library = assets["libraries"][name]
            identity, version = name.split("/")
            if library["type"] != "package" or not (is_shipped(resolved) or identity in COPIED):
                continue
            component = {
                "type": "library", "bom-ref": f"pkg:nuget/{identity}@{version}", "name": identity, "version": version, "purl": f"pkg:nuget/{identity}@{version}",
                "hashes": [{"alg": "SHA-512", "content": base64.b64decode(library["sha512"]).hex()}],
            }
            if licenses := license_of(assets["packageFolders"], library):
                component["licenses"] = licenses
            yield component


def browser_libraries():
    for lock in sorted(ROOT.glob("src/**/package-lock.json")):
        if {"node_modules", "bin", "obj"} & set(lock.parts):
            continue
        for path, package in json.loads(lock.read_text())["packages"].items():
            if not path or package.get("dev"):
                continue
            name = path.rsplit("node_modules/", 1)[-1]
            purl = f"pkg:npm/{name.replace('@', '%40')}@{package['version']}"
            component = {"type": "library", "bom-ref": purl, "name": name, "version": package["version"], "purl": purl}
            if integrity := package.get("integrity"):
                algorithm, digest = integrity.split("-", 1)
                component["hashes"] = [{"alg": "SHA-" + algorithm[3:], "content": base64.b64decode(digest).hex()}]
            if license_name := package.get("license"):
                component["licenses"] = [{"expression": license_name}]
            yield component


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", action="append", help=f"a project's folder; default: {' and '.join(DEFAULT_PROJECTS)}")
    parser.add_argument("--version", help="the version of the product; default: that of Directory.Build.props")
    parser.add_argument("--out", help="default: standard output")
    arguments = parser.parse_args()
    projects = arguments.project or DEFAULT_PROJECTS
    version = arguments.version or re.search(r"<Version>([^<]+)</Version>", (ROOT / "Directory.Build.props").read_text()).group(1)
    found = {component["bom-ref"]: component for project in projects for component in packages_of(project)}
    if "src/Silo" in projects:
        found |= {component["bom-ref"]: component for component in browser_libraries()}
    components = [found[key] for key in sorted(found)]
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([version, components], sort_keys=True))}",
        "metadata": {"component": {"type": "application", "bom-ref": "energyttt", "name": "EnergyTTT", "version": version, "licenses": [{"expression": "MIT"}]}},
        "components": components,
    }
    text = json.dumps(bom, indent=1) + "\n"
    if arguments.out:
        pathlib.Path(arguments.out).write_text(text)
    else:
        sys.stdout.write(text)


main()
