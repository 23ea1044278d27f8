#!/bin/sh
# Makes xpress/testdata and lzx/testdata. See README.md beside this file.
#
#   make-vectors.sh PE TEXT     run in the module's root
#
# PE is a Windows x64 program, TEXT a long text.
set -eu
pe=$1 text=$2
here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
gcc -O2 -Wall -o "$tmp/mkchunk" "$here/mkchunk.c" -lwim

# slice FILE OFFSET SIZE
slice() { tail -c +$(($2 + 1)) "$1" | head -c "$3"; }

# add CODEC NAME WINDOW LEVEL: compresses $tmp/data and notes what it was.
add() {
	"$tmp/mkchunk" compress "$1" "$3" "$4" < "$tmp/data" > "$1/testdata/$2"
	printf '%s\t%s\t%s\t%s\n' "$2" "$3" "$(stat -c %s "$tmp/data")" \
		"$(sha1sum < "$tmp/data" | cut -d' ' -f1)" >> "$1/testdata/vectors.tsv"
}

for codec in xpress lzx; do
	mkdir -p $codec/testdata
	rm -f $codec/testdata/*.chunk
	printf '# chunk\twindow\tsize\tsha1\n' > $codec/testdata/vectors.tsv
done

# Real data: one chunk of each size, from the middle of the PE file's code.
for window in 4096 8192 16384 32768 65536; do
	slice "$pe" 1500000 $window > "$tmp/data"
	add xpress pe-$window.chunk $window 50
	slice "$text" 500000 $window > "$tmp/data"
	add xpress text-$window.chunk $window 50
done
for window in 32768 65536 131072; do
	slice "$pe" 1500000 $window > "$tmp/data"
	add lzx pe-$window.chunk $window 50
	slice "$text" 500000 $window > "$tmp/data"
	add lzx text-$window.chunk $window 50
done

# Larger windows, filled with a patchwork of a little real data.
for window in 262144 524288 1048576; do
	slice "$pe" 1500000 12288 | "$tmp/mkchunk" patchwork $window 1 > "$tmp/data"
	add lzx pe-$window.chunk $window 50
	slice "$text" 500000 12288 | "$tmp/mkchunk" patchwork $window 2 > "$tmp/data"
	add lzx text-$window.chunk $window 50
done
{ slice "$pe" 1500000 8192; slice "$text" 500000 8192; } | "$tmp/mkchunk" patchwork 2097152 3 > "$tmp/data"
add lzx mixed-2097152.chunk 2097152 50

# Other encoders' habits: the fast levels use other match finders and, for LZX, other
# block splitting; a short last chunk; runs; noise between text.
slice "$pe" 2000000 32768 > "$tmp/data"
add xpress fast-32768.chunk 32768 20
add xpress slow-32768.chunk 32768 100
add lzx fast-32768.chunk 32768 20
add lzx slow-32768.chunk 32768 100
slice "$text" 700000 11111 > "$tmp/data"
add xpress short-11111.chunk 32768 50
add lzx short-11111.chunk 32768 50
head -c 65536 /dev/zero > "$tmp/data"
add xpress zeros-65536.chunk 65536 50
add lzx zeros-65536.chunk 65536 50
