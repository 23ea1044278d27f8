#!/bin/sh
# Makes the hives of the .reg files with hivex, so that their cells are written by
# a program other than ours. Debian:
#   apt-get install libwin-hivex-perl libhivex-bin
# hivex makes no hives, but changes them: it starts with an empty one.
set -eu
cd "$(dirname "$0")"
for reg in *.reg; do
	hive=${reg%.reg}.hive
	go run ../../internal/regf/testdata/empty.go >"$hive"
	hivexregedit --merge "$hive" "$reg"
	hivexml "$hive" >/dev/null
done
