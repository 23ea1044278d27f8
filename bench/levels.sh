#!/bin/sh
# levels.sh FILE... captures the files at every level of the encoders' table and has
# 7-Zip and wimlib read all of each WIM: they are stricter about the ends of chunks and
# about codes than decoders must be. Prints a line for each level.
set -eu
[ $# -gt 0 ] || { echo "usage: levels.sh FILE..." >&2; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/files"
cp "$@" "$dir/files"
(cd "$(dirname "$0")/.." && go build -o "$dir/wimble" ./cmd/wimble)
for run in xpress:10,32KiB xpress:20,32KiB xpress:30,32KiB xpress:50,4KiB xpress:50,32KiB \
	xpress:50,64KiB xpress:60,32KiB xpress:80,32KiB xpress:100,32KiB lzx:10,32KiB \
	lzx:40,32KiB lzx:50,32KiB lzx:80,32KiB lzx:100,32KiB lzx:50,2MiB; do
	"$dir/wimble" capture --compress "${run%,*}" --chunk-size "${run#*,}" "$dir/files" "$dir/out.wim" >"$dir/log" 2>&1 ||
		{ cat "$dir/log"; exit 1; }
	for check in "7zz t" "wimlib-imagex verify" "$dir/wimble verify"; do
		$check "$dir/out.wim" >"$dir/log" 2>&1 || { echo "$run: $check:"; cat "$dir/log"; exit 1; }
	done
	echo "$run $(stat -c %s "$dir/out.wim") bytes: ok"
	rm "$dir/out.wim"
done
