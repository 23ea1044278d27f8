#!/bin/sh
# Makes the portable executables here with GNU windres and ld, so that the
# version resources are written by a program other than ours. Debian:
#   apt-get install binutils-mingw-w64-x86-64 binutils-mingw-w64-i686
set -eu
cd "$(dirname "$0")"
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# script MAJOR MINOR BUILD REVISION: a resource script with resources of other
# types before and after the version, as the kernel has them.
script() {
	cat <<-END
		NAMED FIRST { "a resource type with a name" }
		1 RCDATA { "type 10" }
		1 VERSIONINFO
		FILEVERSION $1,$2,$3,$4
		PRODUCTVERSION $1,$2,$3,$4
		FILEOS 0x40004
		FILETYPE 3
		{
		 BLOCK "StringFileInfo" { BLOCK "040904B0" { VALUE "FileVersion", "$1.$2.$3.$4" } }
		 BLOCK "VarFileInfo" { VALUE "Translation", 0x409, 1200 }
		}
		1 24 { "type 24" }
	END
}

# link CPU OUT: the script on standard input as an executable.
link() {
	cat >"$work/in.rc"
	"$1-w64-mingw32-windres" --preprocessor=cat "$work/in.rc" "$work/in.o"
	"$1-w64-mingw32-ld" -s -e 0 --subsystem native --no-insert-timestamp -o "$2" "$work/in.o"
	chmod a-x "$2"
}

script 10 0 18362 1139 | link x86_64 kernel-10.0.18362.1139-amd64.exe
script 6 1 7601 24214 | link i686 kernel-6.1.7601.24214-i386.exe
echo '1 RCDATA { "no version" }' | link x86_64 no-version.exe
