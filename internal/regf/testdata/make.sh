#!/bin/sh
# Makes software.hive with hivex, so that its cells are written by a program
# other than ours. Debian:
#   apt-get install libwin-hivex-perl libhivex-bin
# hivex changes hives but makes none, so it starts with what empty.go writes: a
# base block, a root key and its security descriptor.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go run empty.go >"$work/software.hive"
hivexregedit --merge "$work/software.hive" software.reg
# Forty keys in one list.
{
	printf 'Windows Registry Editor Version 5.00\n\n[\\Many]\n'
	for i in $(seq 100 139); do printf '\n[\\Many\\Key %s]\n"Number"=dword:%08x\n' "$i" "$i"; done
} >"$work/many.reg"
hivexregedit --merge "$work/software.hive" "$work/many.reg"
hivexml "$work/software.hive" >/dev/null
cp "$work/software.hive" software.hive
