#!/bin/sh
# Makes the fixtures of this directory, with genisoimage 1.1.11 (Debian:
# genisoimage). The WIM files in them are those of ../../testdata.
set -eu
here=$(dirname "$(realpath "$0")")
wims=$here/../../testdata
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

mkdir -p media/sources other plain
cp "$wims/split.swm" media/sources/install.swm
cp "$wims/split2.swm" media/sources/install2.swm
cp "$wims/split3.swm" media/sources/install3.swm
cp "$wims/boot.wim" media/sources/boot.wim
printf 'not a WIM file\n' > media/sources/setup.exe
cp "$wims/none.wim" "other/windows 10.wim"
printf 'hello\n' > plain/README.TXT

genisoimage -quiet -udf -V MEDIA -o media.iso media
genisoimage -quiet -udf -V OTHER -o other.iso other
genisoimage -quiet -R -J -V PLAIN -o plain.iso plain
gzip -9n ./*.iso
mv ./*.gz "$here"
