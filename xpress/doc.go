// Package xpress compresses and decompresses XPRESS chunks, the LZ77 + Huffman
// flavour that Windows Imaging (WIM) files use. It knows nothing of WIM files:
// give it one compressed chunk and the size that it had, or a chunk to
// compress.
//
// # The format
//
// Microsoft calls it LZ77+Huffman in [MS-XCA]. A WIM cuts a file into chunks of
// 4 to 64 KiB and compresses each on its own, so nothing is carried from one
// chunk to the next.
//
// A chunk is a list of items. An item is a literal, which is one byte of
// output, or a match, which repeats length bytes that stand offset bytes before
// the end of the output so far (the copy may read what it has just written:
// offset 1 repeats one byte). Both come from one alphabet of 512 symbols:
//
//	0..255     a literal
//	256..511   a match: the low 4 bits are its length - 3, the high 4 bits tell
//	           how many bits of the offset follow: offset = 1 << k + k bits
//
// The symbols are written in a canonical Huffman code. The chunk begins with
// the lengths of its codewords, 4 bits each, 256 bytes in all; the rest is a
// stream of bits in 16-bit little-endian units, most significant bit first.
//
// A length field of 15 means more: a whole byte follows, and when that is 255,
// a 16-bit number in its place. These bytes lie between the units of the bit
// stream, at the place up to which a certain simple decoder would have read.
// That decoder reads two units at the start, and a unit more whenever fewer
// than 16 bits are left after a symbol; its habit is part of the format.
//
//	chunk "abcabcabc...xyz!?": 'a' 'b' 'c' match(392, 3) 'x' 'y' 'z' '!' '?'
//
//	[256 bytes of lengths] [unit][unit][unit][unit] ff 85 01 [unit][unit][unit]
//	                                      392 - 3 = 0x185 -----^
//
// There is no end marker to rely on: a decoder stops when the output is full.
// All encoders write symbol 256 as the last one nevertheless, and strict
// decoders want it. There is no checksum either; a WIM has a SHA-1 for each
// file.
//
// Section 4 of docs/wim-format.md, which comments cite as the WIM format sheet,
// has every detail.
//
// # This package
//
// A [Decoder] is reused from chunk to chunk and allocates nothing while it
// decodes. A chunk that the container stored raw (compressed size equal to the
// uncompressed one) is not for the decoder.
//
// An [Encoder] is reused likewise. A chunk goes through four stages, each in a
// file of its name: a finder links positions where the same bytes begin
// (package match); the parse cuts the chunk into items, lazily or optimally;
// the items are counted and get their Huffman code; and they are written.
//
// How long that takes depends on the content. The slowest chunks of 64 KiB have
// short repeats that are broken in many places, or two symbols in random order.
// On a machine that compresses programs at 125 MB/s at the default level, these
// take it down to 80 MB/s; at levels 60, 79 and 100, from 18, 16 and 4.5 MB/s to
// 7, 2.4 and 0.5 (BenchmarkWorst). No content takes time out of proportion to
// its length: a search tries a fixed number of candidates, and compares past
// the length that ends it only at a match that is then taken.
//
// [MS-XCA]: https://learn.microsoft.com/openspecs/windows_protocols/ms-xca
package xpress
