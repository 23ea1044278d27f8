#!/bin/sh
# Makes the fixtures of this directory, with genisoimage 1.1.11 and mkudffs 2.3
# (Debian: genisoimage, udftools).
set -eu
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

mkdir -p disc/sources
printf 'hello\n' > disc/README.TXT
printf '[Channel]\r\nRetail\r\n' > disc/sources/ei.cfg
printf 'x\n' > disc/naïve.txt
printf 'y\n' > disc/日本語.txt
LC_ALL=C.UTF-8 genisoimage -quiet -udf -input-charset utf-8 -V SMALL -o genisoimage.iso disc

for kind in 512:short 2048:inicb 4096:long; do
	size=${kind%:*} form=${kind#*:}
	name=mkudffs-$size-$(echo "$form" | sed s/inicb/embedded/).img
	truncate -s 3M "$name"
	/usr/sbin/mkudffs --label=LABEL --blocksize="$size" --media-type=hd --udfrev=2.01 --ad="$form" "$name" > /dev/null
done
gzip -9n ./*.iso ./*.img
mv ./*.gz "$here"
