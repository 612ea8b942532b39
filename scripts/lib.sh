# What demo.sh and test.sh share; sourced by them, in the root of the project.

# Configures and builds build/PRESET. One at a time: two runs at once would write the same files.
build_preset() {
	mkdir -p build
	(
		flock 9
		if ! cmake --preset "$1" >"build/$1.configure.log" 2>&1; then
			cat "build/$1.configure.log" >&2
			exit 1
		fi
		cmake --build --preset "$1"
	) 9>"build/.$1.lock"
}

# Runs a command whose temporary files go below one directory that is gone afterwards, also when it was killed.
with_directory() {
	local name=$1 directory status=0
	shift
	directory=$(mktemp -d "/tmp/pppoe-guard-$name.XXXXXX")
	chmod 755 "$directory"
	# shellcheck disable=SC2064
	trap "clear_directory '$directory'" EXIT
	GUARD_TEST_DIRECTORY=$directory "$@" || status=$?
	clear_directory "$directory"
	trap - EXIT
	return "$status"
}

# Processes that are just going may still write for a moment.
clear_directory() {
	local try
	for try in 1 2 3 4 5 6 7 8 9 10; do
		rm -rf "$1" 2>/dev/null && return
		sleep 0.3
	done
	rm -rf "$1"
}
