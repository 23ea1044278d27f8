#!/bin/bash
# Makes every fixture of this folder with wimlib-imagex, and what wimlib and
# coreutils say about each in expected/. Run as root on Debian (it mounts a
# tmpfs and an NTFS volume and makes device nodes) with Linux 6.6 or newer
# (extended attributes on tmpfs):
#
#	apt-get install wimtools ntfs-3g attr faketime npm perl
#	testdata/make.sh
#
# Contents, times, and GUIDs are fixed, so that a second run with the same
# versions of the tools gives the same bytes, but for the ids of hard link
# groups (and so the hashes of metadata), which wimlib derives from device and
# inode numbers.
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC
umask 022

here=$(cd "$(dirname "$0")" && pwd)
expected=$here/expected
work=$(mktemp -d)
volume=$work/volume
cleanup() {
	if mountpoint -q "$volume"; then umount "$volume"; fi
	if mountpoint -q "$work"; then umount "$work"; fi
	rm -rf "$work"
}
trap cleanup EXIT
# A tmpfs lists a directory in a fixed order, and noatime keeps access times.
mount -t tmpfs -o noatime,size=256M tmpfs "$work"

# ---------------------------------------------------------------- tools

# The clock that every tool sees: creation and modification times of images.
clock='2020-10-13 17:00:00'
libfaketime=$(find /usr/lib -name libfaketimeMT.so.1)
frozen() { LD_PRELOAD=$libfaketime FAKETIME=$clock NO_FAKE_STAT=1 "$@"; }
wim() { frozen wimlib-imagex "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }; }

# stamp TREE sets every time in a tree, to 100 ns.
stamp() {
	find "$1" -depth -exec touch -h -d '2020-03-09 01:02:03.1234567Z' {} +
	local name
	for name in "${!times[@]}"; do
		if [[ -e $1/$name ]]; then touch -d "${times[$name]}" "$1/$name"; fi
	done
}
declare -A times=(
	[times/before-1970.txt]='1960-02-29 12:00:00.5Z'
	[times/epoch.txt]='1970-01-01 00:00:00Z'
	[times/after-2038.txt]='2200-12-31 23:59:59.9999999Z'
	[readme.txt]='2019-03-18 20:21:22Z'
)

capture() { # TREE OUT NAME [OPTION...]
	local tree=$work/$1 out=$here/$2 name=$3
	shift 3
	stamp "$tree"
	rm -f "$out"
	wim capture "$tree" "$out" "$name" "$@"
}
append() { # TREE OUT NAME [OPTION...]
	local tree=$work/$1 out=$here/$2 name=$3
	shift 3
	stamp "$tree"
	wim append "$tree" "$out" "$name" "$@"
}

# name_guid FILE... puts a fixed GUID (from the first name) in place of the
# random one of wimlib. A pipable file has a second header at its end. No
# checksum of the format covers the header.
name_guid() {
	local guid file
	guid=$(basename "$1" | md5sum | cut -c1-32)
	for file; do
		put "$file" 24 "$guid"
		if [[ $(head -c 5 "$file") == WLPWM ]]; then
			put "$file" $(($(stat -c %s "$file") - 208 + 24)) "$guid"
		fi
	done
}
put() { # FILE OFFSET HEX
	perl -e 'print pack "H*", $ARGV[0]' "$3" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# ---------------------------------------------------------------- contents

# noise SEED BYTES: nothing compresses it.
noise() {
	perl -MDigest::SHA=sha1 -e '
		my ($seed, $n) = @ARGV; my $out = "";
		for (my $i = 0; length $out < $n; $i++) { $out .= sha1("$seed $i") }
		print substr $out, 0, $n' "$1" "$2"
}
# journal SEED BYTES: lines like those of a log file.
journal() {
	perl -MDigest::SHA=sha1 -e '
		my ($seed, $n) = @ARGV; my $out = "";
		my @what = ("Info                  CBS    Session: initialized by client WindowsUpdateAgent.",
			"Info                  CSI    Manifest hash for component is correct",
			"Info                  CBS    Appl: Package is applicable, detect state: Installed",
			"Warning               DPX    Unexpected end of file, will retry",
			"Error                 CBS    Failed to resolve package [HRESULT = 0x800f0823]");
		for (my $i = 0; length $out < $n; $i++) {
			my ($a, $b) = unpack "SS", sha1("$seed $i");
			$out .= sprintf "2020-10-%02d %02d:%02d:%02d, %s %u\r\n", 1 + $i / 400 % 28, $i / 200 % 24, $i / 8 % 60, $a % 60, $what[$a % 5], $b % 97;
		}
		print substr $out, 0, $n' "$1" "$2"
}
# counters BYTES: 32-bit little-endian squares modulo 127, for long matches.
counters() {
	perl -e 'my $n = shift; my $out = "";
		for (my $i = 0; length $out < $n; $i++) { $out .= pack "V", $i * $i % 127 }
		print substr $out, 0, $n' "$1"
}
# slice FILE OFFSET BYTES: a part of a file of one of the npm packages.
slice() { dd if="$work/npm/package/$1" iflag=skip_bytes,count_bytes skip="$2" count="$3" bs=64K status=none; }
# code OFFSET BYTES: x86-64 machine code, a slice of esbuild.exe (MIT licence).
code() { slice esbuild.exe "$1" "$2"; }

mkdir -p "$work/npm"
(cd "$work/npm" && for name in @esbuild/win32-x64@0.28.2 @swc/core-win32-x64-msvc@1.16.18; do
	tar xzf "$(npm pack --silent "$name")"
done)
(cd "$work/npm/package" && sha1sum --quiet -c) <<END
2c20ad939bf0620ac74709a835a5e254ae47dee6  esbuild.exe
97db3decad6e7bfa09dd0ba247a84284428b4b2b  swc.win32-x64-msvc.node
END

# small: one of each kind of thing, few bytes.
make_small() {
	local t=$work/$1
	mkdir -p "$t"/{empty-dir,times,links,names,deep/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p}
	printf 'A fixture of wimble. Each line ends as on Windows.\r\n' >"$t/readme.txt"
	: >"$t/empty.txt"
	printf x >"$t/one-byte.bin"
	printf 'the same bytes\n' >"$t/twin-1.txt"
	cp "$t/twin-1.txt" "$t/twin-2.txt"
	printf 'sixteen levels down\n' >"$t/deep/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/leaf.txt"
	noise small 700 >"$t/noise.bin"
	journal small 3000 >"$t/setup.log"
	printf 'before\n' >"$t/times/before-1970.txt"
	printf 'zero\n' >"$t/times/epoch.txt"
	printf 'after\n' >"$t/times/after-2038.txt"
	printf 'linked\n' >"$t/links/hard-1.txt"
	ln "$t/links/hard-1.txt" "$t/links/hard-2.txt"
	ln "$t/links/hard-1.txt" "$t/deep/a/hard-3.txt"
	ln -s ../readme.txt "$t/links/relative"
	ln -s "$t/readme.txt" "$t/links/absolute-inside"
	ln -s /outside/of/the/tree "$t/links/absolute-outside"
	ln -s ../deep/a "$t/links/directory"
	ln -s directory/b "$t/links/through-link"
	ln -s nowhere "$t/links/dangling"
	ln -s loop-2 "$t/links/loop-1"
	ln -s loop-1 "$t/links/loop-2"
	ln -s . "$t/links/self"
	printf 'one\n' >"$t/names/Case.txt"
	printf 'two\n' >"$t/names/case.TXT"
	printf 'umlauts\n' >"$t/names/Grüße aus Köln.txt"
	printf 'kanji\n' >"$t/names/日本語ファイル.txt"
	printf 'beyond the BMP\n' >"$t/names/rocket-🚀-𝔘𝔫𝔦.txt"
	printf 'combining\n' >"$t/names/e"$'\u0301'".txt"
	printf 'spaces\n' >"$t/names/ two  spaces .x"
}

# common: small, and files of several chunks.
make_common() {
	make_small "$1"
	local t=$work/$1
	mkdir -p "$t/large"
	{ code 0 1024; code $((0x280000)) 24000; } >"$t/large/code.dll"
	journal common 70000 >"$t/large/cbs.log"
	counters 131072 >"$t/large/multiple-of-128k.bin"
	{ journal mixed 8192; noise mixed 4096; journal again 5000; } >"$t/large/mixed.bin"
}

# chunks: files of several chunks and nothing else.
make_chunks() {
	local t=$work/$1
	mkdir -p "$t"
	{ code 0 1024; code $((0x2c0000)) 10000; counters 121072; } >"$t/counters.bin"
	journal chunks 30000 >"$t/cbs.log"
}

# raw: chunks of 32 KiB of which one cannot be compressed, first, between and last.
make_raw() {
	local t=$work/$1
	mkdir -p "$t"
	{ journal raw-1 32768; noise raw 32768; journal raw-2 20000; } >"$t/raw-chunk-between.bin"
}

# huge: more than two chunks of 2 MiB, of which one is full to the last byte.
make_huge() {
	local t=$work/$1
	mkdir -p "$t"
	{ counters 3000000; code $((0x300000)) 8000; journal huge 8000; counters 2500000; } >"$t/three-chunks.bin"
	{ counters 1000000; code $((0x340000)) 4000; counters 3190304; } >"$t/two-whole-chunks.bin"
}

# x86: machine code of another compiler, with indirect calls (FF 15) that Go does
# not make (Apache licence 2.0).
make_x86() {
	local t=$work/$1
	mkdir -p "$t"
	{ slice swc.win32-x64-msvc.node 0 1024; slice swc.win32-x64-msvc.node $((0xc1000)) 24000; } >"$t/code.dll"
}

# names: what Unix can name and Windows or io/fs would not.
make_names() {
	local t=$work/$1
	mkdir -p "$t/CON" "$t/dir with dot."
	printf 'a\n' >"$t/back\\slash"
	printf 'b\n' >"$t/colon:stream"
	printf 'c\n' >"$t/star*question?quote\"angle<>pipe|"
	printf 'd\n' >"$t/trailing dot."
	printf 'e\n' >"$t/trailing space "
	printf 'f\n' >"$t/"$'control-\x01-\x1f'
	printf 'g\n' >"$t/CON/nul.txt"
	printf 'h\n' >"$t/dir with dot./..."
	printf 'i\n' >"$t/"$'unpaired-high-\xed\xa0\x80'
	printf 'j\n' >"$t/"$'unpaired-low-\xed\xbf\xbf-end'
	printf 'k\n' >"$t/"$'replacement-\xef\xbf\xbd'
	printf 'l\n' >"$t/$(printf 'n%.0s' {1..255})"
	printf 'm\n' >"$t/ǆ-titlecase.txt"
	printf 'n\n' >"$t/Ǆ-titlecase.txt"
	printf 'o\n' >"$t/ß.txt"
	printf 'p\n' >"$t/SS.txt"
	printf 'q\n' >"$t/İstanbul ıspanak.txt"
}

# unix: what --unix-data keeps.
make_unix() {
	local t=$work/$1
	mkdir -p "$t/sticky"
	printf 'owner 1000:1001, mode 0640\n' >"$t/owned.txt"
	chown 1000:1001 "$t/owned.txt"
	chmod 0640 "$t/owned.txt"
	printf 'setuid\n' >"$t/setuid"
	chmod 4755 "$t/setuid"
	chmod 1777 "$t/sticky"
	mkfifo "$t/fifo"
	mknod "$t/null" c 1 3
	mknod "$t/block" b 8 17
	perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $ARGV[0], Listen => 1) or die' "$t/socket"
	ln -s owned.txt "$t/link"
	chown -h 7:8 "$t/link"
	printf 'xattrs\n' >"$t/xattrs.txt"
	setfattr -n user.comment -v 'hello' "$t/xattrs.txt"
	setfattr -n user.empty "$t/xattrs.txt"
	setfattr -n user.binary -v 0x00ff0a0d "$t/xattrs.txt"
	setfattr -n user.dir -v 'on a directory' "$t/sticky"
}

# later: small after some changes, for the delta.
make_later() {
	make_small "$1"
	local t=$work/$1
	printf 'changed\r\n' >"$t/readme.txt"
	rm "$t/twin-2.txt"
	journal later 5000 >"$t/new.log"
}

# ---------------------------------------------------------------- NTFS volume

make_ntfs() { # IMAGE: an NTFS volume with what only NTFS can hold
	local image=$1 t=$volume
	mkdir -p "$t"
	truncate -s 3M "$image"
	frozen mkntfs -F -Q -q -s 512 -c 512 -p 0 -H 0 -S 0 "$image" 2>/dev/null
	ntfs-3g -o streams_interface=windows "$image" "$t"
	mkdir "$t/plain" "$t/junction" "$t/directory-link" "$t/compressed" "$t/streams"
	printf 'plain\r\n' >"$t/plain/file.txt"
	: >"$t/plain/empty.txt"
	ln "$t/plain/file.txt" "$t/plain/hard link.txt"

	printf 'unnamed\r\n' >"$t/streams/both.txt"
	printf '[ZoneTransfer]\r\nZoneId=3\r\n' >"$t/streams/both.txt:Zone.Identifier"
	printf 'second\r\n' >"$t/streams/both.txt:Ünïcode 🚀"
	: >"$t/streams/both.txt:empty"
	: >"$t/streams/only-named.txt"
	journal stream 40000 >"$t/streams/only-named.txt:large"
	printf 'of a directory\r\n' >"$t/streams:on-directory"
	printf 'linked, with a stream\r\n' >"$t/streams/linked-1.txt"
	printf 'shared\r\n' >"$t/streams/linked-1.txt:shared"
	ln "$t/streams/linked-1.txt" "$t/streams/linked-2.txt"

	local i
	for i in readonly hidden system archive normal not-content-indexed offline temporary; do
		printf '%s\r\n' "$i" >"$t/attribute-$i.txt"
	done
	truncate -s 100000 "$t/sparse.bin"
	printf 'a name with an alias\r\n' >"$t/A long file name.txt"
	mkdir "$t/Program Files"
	printf 'has an object id\r\n' >"$t/object-id.txt"
	local f
	for f in symlink-relative.txt symlink-absolute.txt wsl-symlink unknown-tag.bin; do : >"$t/$f"; done
	printf 'content behind the reparse point\r\n' >"$t/reparse-with-content.txt"
	for f in 1 2 3; do printf 'security %s\r\n' $f >"$t/security-$f.txt"; done
	printf 'security 1 again\r\n' >"$t/security-1-again.txt"

	# Security descriptors, self-relative: owner Administrators, group SYSTEM.
	acl() { setfattr -h -n system.ntfs_acl -v "0x$(perl -e "$descriptor" "$@")" "$t/$f"; }
	local descriptor='
		my ($revision, $control, @aces) = @ARGV;
		sub sid { my ($authority, @sub) = @_; pack "CCnNV*", 1, scalar @sub, 0, $authority, @sub }
		my ($owner, $group) = (sid(5, 32, 544), sid(5, 18));
		my $dacl = "";
		for (@aces) { my ($type, $flags, $mask, @sid) = split /,/; my $s = sid(@sid);
			$dacl .= pack("CCvV", $type, $flags, 8 + length $s, hex $mask) . $s }
		$dacl = pack("CCvvv", 2, 0, 8 + length $dacl, scalar @aces, 0) . $dacl;
		my $at = 20; my $d = $at; $at += length $dacl; my $o = $at; $at += length $owner;
		print unpack "H*", pack("CCvVVVV", $revision, 0, hex $control, $o, $at, 0, $d) . $dacl . $owner . $group'
	f=security-1.txt; acl 1 8004 0,0,1f01ff,5,32,544 0,0,1200a9,1,0
	f=security-1-again.txt; acl 1 8004 0,0,1f01ff,5,32,544 0,0,1200a9,1,0
	f=security-2.txt; acl 1 9004 1,0,10000,5,7 0,0,1f01ff,5,18
	f=security-3.txt; acl 1 8004

	# Reparse points: u32 tag, u16 bytes of data, u16 0, data.
	reparse() { setfattr -h -n system.ntfs_reparse_data -v "0x$1" "$t/$2"; }
	local link='
		my ($tag, $flags, $target, $print) = @ARGV;
		use Encode; my ($s, $p) = map { encode("UTF-16LE", decode("UTF-8", $_)) } $target, $print;
		my $names = $tag eq "a0000003" ? "$s\0\0$p\0\0" : "$p$s";
		my @at = $tag eq "a0000003" ? (0, length $s, 2 + length $s, length $p) : (length $p, length $s, 0, length $p);
		my $data = pack("v4", @at) . ($tag eq "a000000c" ? pack("V", $flags) : "") . $names;
		print unpack "H*", pack("Vvv", hex $tag, length $data, 0) . $data'
	reparse "$(perl -e "$link" a0000003 0 '\??\C:\plain' 'C:\plain')" junction
	reparse "$(perl -e "$link" a000000c 1 'plain' 'plain')" directory-link
	reparse "$(perl -e "$link" a000000c 1 'plain\file.txt' 'plain\file.txt')" symlink-relative.txt
	reparse "$(perl -e "$link" a000000c 0 '\??\C:\plain\file.txt' 'C:\plain\file.txt')" symlink-absolute.txt
	reparse "$(perl -e 'my $d = pack("V", 2) . "plain/file.txt"; print unpack "H*", pack("Vvv", 0xa000001d, length $d, 0) . $d')" wsl-symlink
	reparse "$(perl -e 'my $d = pack("H*", "00112233445566778899aabbccddeeff") . "owner data"; print unpack "H*", pack("Vvv", 0x00000123, length($d) - 16, 0) . $d')" unknown-tag.bin
	reparse "$(perl -e 'my $d = "dedup"; print unpack "H*", pack("Vvv", 0x80000013, length $d, 0) . $d')" reparse-with-content.txt

	setfattr -n system.ntfs_dos_name -v 'ALONGF~1.TXT' "$t/A long file name.txt"
	setfattr -n system.ntfs_dos_name -v 'PROGRA~1' "$t/Program Files"
	setfattr -n system.ntfs_object_id -v 0x00112233445566778899aabbccddeeff "$t/object-id.txt"

	# Attributes, big-endian, and then the times of everything: created,
	# modified, accessed, changed.
	attribute() { setfattr -h -n system.ntfs_attrib_be -v "0x$1" "$t/$2"; }
	attribute 00000001 attribute-readonly.txt
	attribute 00000002 attribute-hidden.txt
	attribute 00000004 attribute-system.txt
	attribute 00000020 attribute-archive.txt
	attribute 00000080 attribute-normal.txt
	attribute 00002000 attribute-not-content-indexed.txt
	attribute 00001000 attribute-offline.txt
	attribute 00000100 attribute-temporary.txt
	attribute 00000800 compressed
	local stamps=0x
	stamps+=$(perl -e 'print unpack "H*", pack "Q<4", 132000000000000001, 132111111111111112, 132222222222222223, 132222222222222223')
	find "$t" -depth -exec setfattr -h -n system.ntfs_times -v "$stamps" {} +
	find "$t" -type f | sort | sed 's,^.*/volume/,,' >"$work/files"
	printf '%s\n' streams/both.txt:{Zone.Identifier,empty,'Ünïcode 🚀'} streams/only-named.txt:large \
		streams:on-directory streams/linked-1.txt:shared streams/linked-2.txt:shared >>"$work/files"
	(cd "$t" && tr '\n' '\0' <"$work/files" | xargs -0 sha1sum --) >"$expected/ntfs.sha1"
	umount "$t"
}

# ---------------------------------------------------------------- Windows-like trees

# windows TREE BUILD UBR EDITION: a tree that has the shape of Windows, with
# dummy contents.
make_windows() {
	local t=$work/$1 build=$2 ubr=$3 edition=$4 name
	local token=31bf3856ad364e35 rest=none_0f1e2d3c4b5a6978
	mkdir -p "$t"/{Windows/{System32/{config,drivers/etc,DriverStore/FileRepository,en-US,de-DE},SysWOW64,WinSxS/Manifests,servicing/Packages,Fonts,INF,Boot/EFI},"Program Files/Common Files","Program Files (x86)",ProgramData/Microsoft,Users/{Default/Desktop,Public/Documents},PerfLogs}
	{ code 0 1024; code $((0x180000)) 9000; } >"$t/Windows/System32/ntoskrnl.exe"
	{ code 0 1024; code $((0x190000)) 5000; } >"$t/Windows/System32/shell32.dll"
	{ code 0 1024; code $((0x1a0000)) 3000; } >"$t/Windows/SysWOW64/shell32.dll"
	for name in notepad.exe cmd.exe reg.exe; do
		{ code 0 1024; code $((0x1b0000)) 700; printf '%s' "$name"; } >"$t/Windows/System32/$name"
	done
	ln "$t/Windows/System32/notepad.exe" "$t/Windows/notepad.exe"
	mkdir -p "$t/Windows/WinSxS/amd64_microsoft-windows-notepad_${token}_10.0.$build.${ubr}_$rest"
	ln "$t/Windows/System32/notepad.exe" "$t/Windows/WinSxS/amd64_microsoft-windows-notepad_${token}_10.0.$build.${ubr}_$rest/notepad.exe"
	printf '# localhost name resolution is handled within DNS itself.\r\n' >"$t/Windows/System32/drivers/etc/hosts"
	printf 'dummy\r\n' >"$t/Windows/System32/en-US/notepad.exe.mui"
	printf 'Attrappe\r\n' >"$t/Windows/System32/de-DE/notepad.exe.mui"
	printf '<License edition="%s">Dummy</License>\r\n' "$edition" >"$t/Windows/System32/license-$edition.xrm-ms"
	for name in "coreos-revision" "os-kernel" "${edition,,}edition"; do
		printf '<assembly name="Microsoft-Windows-%s" version="10.0.%s.%s"/>\r\n' "$name" "$build" "$ubr" \
			>"$t/Windows/WinSxS/Manifests/amd64_microsoft-windows-${name}_${token}_10.0.$build.${ubr}_$rest.manifest"
	done
	printf '<assembly name="Package_for_RollupFix" version="%s.%s.1.9"/>\r\n' "$build" "$ubr" \
		>"$t/Windows/servicing/Packages/Package_for_RollupFix~$token~amd64~~$build.$ubr.1.9.mum"
	printf '<assembly name="Microsoft-Windows-%sEdition" version="10.0.%s.%s"/>\r\n' "$edition" "$build" "$ubr" \
		>"$t/Windows/servicing/Packages/Microsoft-Windows-${edition}Edition~$token~amd64~~10.0.$build.$ubr.mum"
	journal "$build" 6000 >"$t/Windows/INF/setupapi.offline.log"
	printf '[.ShellClassInfo]\r\n' >"$t/Users/Public/desktop.ini"
	printf '[.ShellClassInfo]\r\n' >"$t/Users/Default/Desktop/desktop.ini"
	ln -s ../ProgramData "$t/Users/All Users"
}

# windows_properties EDITION NAME BUILD UBR BRANCH TYPE PRODUCT LANGUAGE...
# fills the array properties.
windows_properties() {
	local edition=$1 name=$2 build=$3 ubr=$4 branch=$5 type=$6 index=1 language
	shift 6
	properties=(
		"WINDOWS/ARCH=9"
		"WINDOWS/PRODUCTNAME=Microsoft® Windows® Operating System"
		"WINDOWS/EDITIONID=$edition"
		"WINDOWS/INSTALLATIONTYPE=$type"
		"WINDOWS/SERVICINGDATA/GDRDUREVISION=20201013"
		"WINDOWS/SERVICINGDATA/PKEYCONFIGVERSION=10.0.$build.$ubr;2016-01-01T00:00:00Z"
		"WINDOWS/SERVICINGDATA/IMAGESTATE=IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
		"WINDOWS/HAL=acpiapic"
		"WINDOWS/PRODUCTTYPE=WinNT"
		"WINDOWS/PRODUCTSUITE=Terminal Server"
	)
	for language; do
		properties+=("WINDOWS/LANGUAGES/LANGUAGE[$index]=$language")
		index=$((index + 1))
	done
	properties+=(
		"WINDOWS/LANGUAGES/DEFAULT=$1"
		"WINDOWS/VERSION/MAJOR=10"
		"WINDOWS/VERSION/MINOR=0"
		"WINDOWS/VERSION/BUILD=$build"
		"WINDOWS/VERSION/SPBUILD=$ubr"
		"WINDOWS/VERSION/SPLEVEL=0"
		"WINDOWS/VERSION/BRANCH=$branch"
		"WINDOWS/SYSTEMROOT=WINDOWS"
		"DESCRIPTION=$name"
		"FLAGS=$edition"
		"DISPLAYNAME=$name"
		"DISPLAYDESCRIPTION=$name"
	)
	options=()
	for language in "${properties[@]}"; do options+=(--image-property "$language"); done
}

# ---------------------------------------------------------------- expectations

# expect FILE [OPTION...] writes what wimlib says about a file:
#   expected/NAME.info.txt   info --header --blobs
#   expected/NAME.xml        the XML document, in UTF-8
expect() {
	local file=$1 name
	shift
	name=$(basename "$file")
	(cd "$here" && frozen wimlib-imagex info "$file" "$@") | sed '/^Path:/d' >"$expected/$name.info.txt"
	(cd "$here" && frozen wimlib-imagex info "$file" --header) >>"$expected/$name.info.txt"
	(cd "$here" && frozen wimlib-imagex info "$file" --blobs) >>"$expected/$name.info.txt"
	(cd "$here" && frozen wimlib-imagex info "$file" --xml) | iconv -f UTF-16 -t UTF-8 >"$expected/$name.xml"
}

# expect_image FILE IMAGE LISTING [OPTION...] writes expected/LISTING.dir.txt:
# dir --detailed without the lines that say where a blob lies, so that it is the
# same for every codec, and without the names of attributes, which repeat the
# number. Where it exists already, it must be equal.
expect_image() {
	local file=$1 image=$2 listing=$expected/$3.dir.txt new=$work/listing
	(cd "$here" && frozen wimlib-imagex dir "$file" "$image" --detailed "${@:4}") |
		sed -E '/^(Compressed size|Offset in WIM|Part Number|Reference Count|Flags|Solid | +FILE_ATTRIBUTE|$)/d' >"$new"
	if [[ -e $listing ]]; then
		diff "$listing" "$new" || { echo "$file $image differs from $3" >&2; exit 1; }
	else
		cp "$new" "$listing"
	fi
	printf '%s\t%s\t%s\n' "$(basename "$file")" "$image" "$3" >>"$expected/images.tsv"
}

# sums TREE LISTING writes expected/LISTING.sha1, sha1sum of every file of the
# tree that was captured.
sums() {
	(cd "$work/$1" && find . -type f -print0 | sort -z | xargs -0 -r sha1sum -z -- | tr '\0' '\n' | sed 's,  \./,  ,') >"$expected/$2.sha1"
}

# ---------------------------------------------------------------- main

rm -rf "$expected" "$here"/*.wim "$here"/*.esd "$here"/*.swm
mkdir -p "$expected"
wimlib-imagex --version | head -n 1 >"$expected/tool.txt"

make_small small; sums small small
make_common common; sums common common
make_chunks chunks; sums chunks chunks
make_raw raw; sums raw raw
make_huge huge; sums huge huge
make_x86 x86; sums x86 x86
make_names names; sums names names
make_unix unix; sums unix unix
(cd "$work/unix" && getfattr -R -d -e hex .) >"$expected/unix.xattrs.txt"
make_later later; sums later later
mkdir -p "$work/empty"; : >"$expected/empty.sha1"

# Codecs and chunk sizes. The names say which.
single() { # FILE TREE OPTION...
	local file=$1 tree=$2
	shift 2
	capture "$tree" "$file" "$tree" "$@"
	name_guid "$here/$file"
	expect "$file"
	expect_image "$file" 1 "$tree"
}
single none.wim small --compress=none
single xpress-4k.wim common --compress=XPRESS --chunk-size=4K
single xpress-8k.wim chunks --compress=XPRESS --chunk-size=8K
single xpress-16k.wim chunks --compress=XPRESS --chunk-size=16K
single xpress-32k.wim common --compress=XPRESS --chunk-size=32K --check
single xpress-64k.wim common --compress=XPRESS --chunk-size=64K
single lzx-32k.wim common --compress=LZX --chunk-size=32K --check
single lzx-64k.wim chunks --compress=LZX --chunk-size=64K
single lzx-128k.wim common --compress=LZX --chunk-size=128K
single lzx-2m.wim huge --compress=LZX --chunk-size=2M
single lzms-32k.wim common --compress=LZMS --chunk-size=32K
single lzms-128k.wim common --compress=LZMS --chunk-size=128K --check
single x86-lzms-128k.wim x86 --compress=LZMS
single raw-xpress-32k.wim raw --compress=XPRESS --chunk-size=32K
single raw-lzx-32k.wim raw --compress=LZX --chunk-size=32K
single raw-lzms-32k.wim raw --compress=LZMS --chunk-size=32K

# Solid resources. Their chunk size is not that of the header.
single solid-lzms.esd common --solid --compress=LZMS
single solid-lzms-128k.esd common --solid --compress=LZMS --solid-chunk-size=128K --check
single solid-lzx-32k.esd common --solid --compress=LZX --solid-compress=LZX --solid-chunk-size=32K
single solid-xpress-32k.esd common --solid --compress=XPRESS --solid-compress=XPRESS --solid-chunk-size=32K
single solid-lzms-2m.esd huge --solid --compress=XPRESS --solid-compress=LZMS --solid-chunk-size=2M

# Three solid resources of different chunk sizes, made by appending.
capture small solid-three.esd first --solid --compress=LZMS --solid-chunk-size=128K
append chunks solid-three.esd second
append raw solid-three.esd third --solid --solid-chunk-size=64K
name_guid "$here/solid-three.esd"
expect solid-three.esd
expect_image solid-three.esd 1 small
expect_image solid-three.esd 2 chunks
expect_image solid-three.esd 3 raw

# Pipable files.
single pipable-none.wim small --pipable --compress=none
single pipable-xpress-4k.wim chunks --pipable --compress=XPRESS --chunk-size=4K
single pipable-lzx-32k.wim raw --pipable --compress=LZX --check

# Split sets.
split() { # FROM SET LISTING MEGABYTES OPTION...
	wim split "$here/$1" "$here/$2.swm" "$4" "${@:5}"
	local parts=("$here/$2".swm "$here/$2"[0-9]*.swm) part
	name_guid "${parts[@]}"
	for part in "${parts[@]}"; do expect "$(basename "$part")"; done
	expect_image "$2.swm" 1 "$3" --ref="$here/$2*.swm"
}
split lzx-32k.wim split common 0.016 --check
split pipable-xpress-4k.wim split-pipable chunks 0.02

# A delta against lzx-32k.wim: only new blobs.
capture later delta.wim later --compress=LZX --delta-from="$here/lzx-32k.wim"
name_guid "$here/delta.wim"
expect delta.wim
expect_image delta.wim 1 later --ref="$here/lzx-32k.wim"

# Several images: names, no name, an empty one, a boot index.
capture small multi.wim 'first' --compress=XPRESS --check
append later multi.wim '' --image-property 'DESCRIPTION=has no name'
append empty multi.wim '空のイメージ 🚀' --boot --image-property 'DESCRIPTION=Beschreibung: <leer> & "leer"'
append small multi.wim 'again' --image-property 'ORGANISATION/ASSET=4711' --image-property 'WIMBOOT=1'
name_guid "$here/multi.wim"
expect multi.wim
expect_image multi.wim 1 small
expect_image multi.wim 2 later
expect_image multi.wim 3 empty
expect_image multi.wim 4 small

# An image was deleted without a rebuild: holes, and a stale table between resources.
capture small holes.wim small --compress=LZX
append chunks holes.wim chunks
append later holes.wim later
wim delete "$here/holes.wim" chunks --soft
name_guid "$here/holes.wim"
expect holes.wim
expect_image holes.wim 1 small
expect_image holes.wim 2 later

single names.wim names --compress=XPRESS
single unix.wim unix --compress=LZX --unix-data

make_ntfs "$work/ntfs.img"
wim capture "$work/ntfs.img" "$here/ntfs.wim" ntfs --compress=LZX
name_guid "$here/ntfs.wim"
expect ntfs.wim
expect_image ntfs.wim 1 ntfs

# Windows in miniature: an install.wim of 1909 (its XML says 18362, as that of
# the real one does), a boot.wim, and an install.esd of 22H2.
make_windows pro 18362 1139 Professional; sums pro windows-pro
make_windows home 18362 1139 Core; sums home windows-home
make_windows enterprise 18362 1139 Enterprise; sums enterprise windows-enterprise
windows_properties Professional 'Windows 10 Pro' 18362 1139 19h1_release Client en-US de-DE
capture pro install.wim 'Windows 10 Pro' --compress=LZX --check "${options[@]}"
windows_properties Core 'Windows 10 Home' 18362 1139 19h1_release Client en-US de-DE
append home install.wim 'Windows 10 Home' "${options[@]}"
windows_properties Enterprise 'Windows 10 Enterprise' 18362 1139 19h1_release Client en-US de-DE fr-FR
append enterprise install.wim 'Windows 10 Enterprise' "${options[@]}"
name_guid "$here/install.wim"
expect install.wim
expect_image install.wim 1 windows-pro
expect_image install.wim 2 windows-home
expect_image install.wim 3 windows-enterprise

make_windows pe 18362 1139 WindowsPE; sums pe windows-pe
make_windows setup 18362 1139 WindowsPE
printf 'dummy\r\n' >"$work/setup/setup.exe"
sums setup windows-setup
windows_properties WindowsPE 'Microsoft Windows PE (amd64)' 18362 1 19h1_release WindowsPE en-US
capture pe boot.wim 'Microsoft Windows PE (amd64)' --compress=LZX --flags=9 "${options[@]}"
windows_properties WindowsPE 'Microsoft Windows Setup (amd64)' 18362 1 19h1_release WindowsPE en-US
append setup boot.wim 'Microsoft Windows Setup (amd64)' --boot --flags=2 "${options[@]}"
name_guid "$here/boot.wim"
expect boot.wim
expect_image boot.wim 1 windows-pe
expect_image boot.wim 2 windows-setup

make_windows pro11 22621 2428 Professional; sums pro11 windows-11-pro
make_windows home11 22621 2428 Core; sums home11 windows-11-home
mkdir -p "$work/media/sources"
printf 'dummy\r\n' >"$work/media/setup.exe"
printf '[Channel]\r\n_Default\r\n' >"$work/media/sources/ei.cfg"
sums media windows-11-media
capture media install.esd 'Windows Setup Media' --compress=LZMS --image-property 'DESCRIPTION=Windows Setup Media'
windows_properties Professional 'Windows 11 Pro' 22621 2428 ni_release Client de-DE
append pro11 install.esd 'Windows 11 Pro' --solid "${options[@]}"
windows_properties Core 'Windows 11 Home' 22621 2428 ni_release Client de-DE
append home11 install.esd 'Windows 11 Home' --solid "${options[@]}"
name_guid "$here/install.esd"
expect install.esd
expect_image install.esd 1 windows-11-media
expect_image install.esd 2 windows-11-pro
expect_image install.esd 3 windows-11-home

ls -l "$here"
