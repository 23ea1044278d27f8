// Package lzx compresses and decompresses LZX chunks in the flavour that
// Windows Imaging (WIM) files use. It knows nothing of WIM files: give a
// [Decoder] one compressed chunk and the size that it had, and an [Encoder] one
// chunk.
//
// # The format
//
// LZX is LZ77 with Huffman codes, known from cabinet and help files. A WIM cuts
// a file into chunks of 32 KiB (others up to 2 MiB are possible) and compresses
// each on its own, so nothing is carried from one chunk to the next.
//
// A chunk is a sequence of blocks. Each begins with its type and its
// uncompressed size; an uncompressed block then has the plain bytes, the others
// have Huffman codes and a list of items. An item is a literal, which is one
// byte of output, or a match, which repeats length bytes that stand offset
// bytes before the end of the output so far (the copy may read what it has just
// written: offset 1 repeats one byte). Items are written with up to three
// codes:
//
//	main      0..255: a literal. From 256 on: a match, 8 * slot + length - 2,
//	          where a length field of 7 means 9 or more
//	length    the length of such a match, less 9
//	aligned   the low three bits of an offset, in aligned blocks only, for
//	          data whose offsets tend to be multiples of 4 or 8
//
// The slot tells how large the offset is, roughly: slots 0 to 2 repeat one of
// the last three offsets R0, R1, R2; the others stand for ranges of offsets
// that grow like powers of two, and some plain bits, the footer, say which one
// of the range.
//
//	main symbol | length symbol | footer bits | aligned symbol
//	             if length >= 9   slot >= 3     aligned block, footer >= 3 bits
//
// The codes are canonical, so a block gives only the lengths of the codewords.
// They are written as differences from those of the block before, in a small
// code of their own, the pretree. All bits are packed into 16-bit little-endian
// units, most significant bit first.
//
// After that the encoder's treatment of x86 machine code is undone: the byte
// 0xE8 is taken for a CALL, and the 4 bytes after it for a target made absolute
// (so that calls of one function look alike), and they are made relative again.
// In a WIM this is done to every chunk, whatever it holds.
//
// There is no end marker: a decoder stops when the output is full. There is no
// checksum either; a WIM has a SHA-1 for each file.
//
// Section 5 of docs/wim-format.md, which comments cite as the WIM format sheet,
// has every detail.
//
// # This package
//
// A [Decoder] is reused from chunk to chunk and allocates nothing while it
// decodes. A chunk that the container stored raw (compressed size equal to the
// uncompressed one) is not for the decoder.
//
// An [Encoder] is used likewise. It writes verbatim and aligned blocks, with
// codes that are complete, and ends a chunk at the unit where its last bit is:
// some readers reject anything else.
//
// How long that takes depends on the content. The slowest chunks have two
// symbols in random order, or short repeats that are broken in many places:
// there are matches of many lengths everywhere. On one machine programs, and
// the worst of such chunks, were compressed at these MB/s (BenchmarkWorst):
//
//	level               1    10    40    50   100
//	32 KiB, programs   95    85    15    10     4
//	32 KiB, worst      70    55     7     3   1.5
//	2 MiB, programs                       4     2
//	2 MiB, worst                          3   0.8
//
// No content takes time out of proportion to its length: a search tries a fixed
// number of candidates, and compares past the length that ends it only at a
// match that is then taken.
package lzx
