#!/usr/bin/env bash
# Installs the Debian packages of scripts/packages.txt that are missing. Nothing that is installed gets removed, and no
# service that comes with them is started or enabled: the demo and the tests run private instances of their own.
# Safe to run twice at once; does nothing, and needs no root, when all is there. --list prints what is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

missing() {
	local package
	grep -vE '^[[:space:]]*(#|$)' "$here/packages.txt" | while read -r package; do
		dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
	done
}

packages=$(missing)
if [ "${1:-}" = --list ]; then
	[ -z "$packages" ] || printf '%s\n' "$packages"
	exit 0
fi
[ -n "$packages" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "setup: these packages are missing and only root can install them:" $packages >&2; exit 1; }
	exec sudo "$here/setup.sh"
fi
. /etc/os-release
[ "${VERSION_ID:-}" = 12 ] || echo "setup: made for Debian 12, this is ${PRETTY_NAME:-unknown}: going on, but nothing is promised" >&2

mkdir -p /run/lock
exec 9>/run/lock/pppoe-guard-setup.lock
flock 9
packages=$(missing)
[ -n "$packages" ] || exit 0

# apt starts and enables what it installs unless told otherwise. Tell it otherwise, and put things back in any case.
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/pppoe-guard-setup.conf
before=$(mktemp)
restore() {
	rm -f "$policy" "$cluster" "$before"
	if [ -e "$policy.before-pppoe-guard" ]; then mv "$policy.before-pppoe-guard" "$policy"; fi
}
trap restore EXIT
trap 'exit 130' INT TERM HUP
[ -e "$policy.before-pppoe-guard" ] || [ ! -e "$policy" ] || mv "$policy" "$policy.before-pppoe-guard"
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"
mkdir -p "$(dirname "$cluster")"
echo "create_main_cluster = false" >"$cluster"

installed() { dpkg-query -W -f='${db:Status-Status} ${binary:Package}\n' | sed -n 's/^installed //p' | sort; }
installed >"$before"

echo "setup: installing" $packages
export DEBIAN_FRONTEND=noninteractive
wait_for_apt=(-o DPkg::Lock::Timeout=600)
apt-get "${wait_for_apt[@]}" -q update
if ! apt-get "${wait_for_apt[@]}" -q -y --no-install-recommends --no-remove install $packages; then
	cat >&2 <<-TEXT
		setup: apt could not install the packages above without removing something. Two that are known to clash on a
		machine that is not fresh: libboost1.74-dev (with libboost1.81-dev), and another mail server (with exim4).
		Nothing was removed. Use a fresh Debian 12, a container or a virtual machine.
	TEXT
	exit 1
fi

# Only what was not installed before: who runs these services already keeps them.
installed | comm -13 "$before" - | while read -r package; do
	dpkg -L "$package" | sed -nE 's,^(/usr)?/lib/systemd/system/([^/]+\.(service|timer|socket|path))$,\2,p' |
		while read -r unit; do find /etc/systemd/system -type l -name "$unit" -path '*.wants/*' -delete; done
	dpkg -L "$package" | sed -nE 's,^/etc/init\.d/([^/]+)$,\1,p' |
		while read -r script; do update-rc.d "$script" disable >/dev/null 2>&1 || true; done
done
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
echo "setup: done"
