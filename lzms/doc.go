// Package lzms decompresses LZMS chunks: the strongest of the three codecs in
// Windows Imaging files, and the one that .esd files use.
//
// The package knows nothing of those files. It turns one chunk into the bytes
// that it stands for:
//
//	d := lzms.NewDecoder()
//	dst := make([]byte, size) // the chunk's uncompressed size, from the file
//	err := d.Decode(dst, src)
//
// # The format in a page
//
// An LZMS chunk is two streams in one piece, read from both ends towards the
// middle. No header, no block, no end mark: decoding stops when dst is full.
//
//	src:  | decisions -->                            <-- codewords, numbers |
//
// From the front, a range decoder yields binary decisions, each with a
// probability that adapts to the last 64 outcomes in the same context, where
// the context is the last few decisions of the same kind. From the back, a
// plain bit stream yields Huffman codewords and numbers.
//
// The decisions say what comes next:
//
//	literal                            one byte
//	LZ match, explicit offset          copy length bytes from offset back
//	LZ match, repeat offset            the same, with one of the last offsets
//	delta match, explicit or repeat    add up differences, see below
//
// A delta match continues a table of numbers, such as the relocations of a
// program or the samples of a picture. With columns that are span bytes wide,
// each byte is chosen so that its difference to the byte span before is what
// it was offset bytes ago:
//
//	out[i] = out[i-span] + out[i-offset] - out[i-offset-span]
//
// There are five Huffman codes: for literals, lengths, LZ offsets, delta
// offsets, and the powers of two that are spans. Lengths and offsets are coded
// as slots: the code gives a range of numbers, and plain bits pick one of it.
// All codes start out even. Encoder and decoder count the symbols that go by,
// and both rebuild a code from the counts after every 512 or 1024 of its
// symbols, so that no code is ever transmitted. Which of several optimal codes
// they build is part of the format.
//
// In the end a filter goes over the chunk. The encoder had made the operands
// of some x86 instructions, calls above all, absolute instead of relative, for
// then all calls of a function look the same. It did so to any data, with a
// heuristic to tell code from data; the decoder repeats the heuristic and
// undoes it.
//
// A chunk stands alone, and it is its own window: matches reach back to its
// start, up to 1 GiB. Chunks of .esd files are mostly 64 MiB.
//
// # Where to find it in the code
//
// The method item is the format as told above; the files range.go, bits.go,
// code.go and filter.go hold the range decoder, the bit stream, the adaptive
// Huffman codes and the x86 filter, and builder.go makes the codes. That would
// do for a decoder. Most items are decoded by a faster loop, though: goLoop in
// loop.go, with bounds checks if built with the tag purego and without them
// otherwise (memory_purego.go, memory_unsafe.go), or the same in assembly
// (loop_amd64.go), unless built with the tag noasm. All give equal output.
//
// Microsoft has not published a description of LZMS. Section 6 of
// docs/wim-format.md, which comments cite as the WIM format sheet, is one.
package lzms
