//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmHot is hotUnsafe in registers. What has a name there is
//
//	R8   &out[at]       SI   &in[next]
//	R9   buf            R10  n              CX   e
//	R11  &d.tables      R14  &asmTables     X0   recent, 4 bytes each
//
// R12, R15 and DI hold constants in the inner loop, see CONSTANTS. The rest of
// the registers, and R12 and R15 too for an item that leaves it, are free.
//
// The first six bits of an entry are the number of bits to consume, and shifts
// take no more than six bits of a register as their count.

// CONSTANTS sets the registers that save the inner loop a MOV each: shifts and
// BEXTR with them have a destination of their own.
#define CONSTANTS \
	MOVL $const_entryLength, R12 \
	MOVL $(64-const_mainBits), R15 \
	MOVL $(8<<8|const_entrySlot-2), DI

// REFILL is
//	buf |= rawmem.Load64(in, next) >> (n & 63)
//	next -= ^n >> 3 & 7
//	n |= 56
// where ^n>>3&7 is 7 - n>>3, as n is at most 63.
#define REFILL(scratch) \
	SHRXQ R10, (SI), scratch \
	ORQ scratch, R9 \
	MOVL R10, scratch \
	SHRL $3, scratch \
	LEAQ -7(SI)(scratch*1), SI \
	ORL $56, R10

// LENGTH looks up what may be a length symbol behind the codeword of e:
//	DX = lengths[buf<<code>>(64-lengthBits)]
// where the entry has code - 1, with two zeros above it that make it six bits.
#define LENGTH \
	MOVL CX, DX \
	SHRL $const_entryCode, DX \
	LEAQ (R9)(R9*1), AX \
	SHLXQ DX, AX, AX \
	SHRQ $(64-const_lengthBits), AX \
	MOVL tables_length(R11)(AX*4), DX

// LOOKUP is entry = rawmem.Entry(main, buf>>(64-mainBits)).
#define LOOKUP(entry) \
	SHRXQ R15, R9, entry \
	MOVL tables_main(R11)(entry*4), entry

// RECENT makes recent[3] the new offset DX, shuffles recent into X1 as the
// slot says that is at R14 + 8*BX, and puts the newest offset into DX:
//	after := recent.repeat(...), or recent.push(DX)
//	DX = after.newest()
#define RECENT \
	VPINSRD $3, DX, X0, X1 \
	VPSHUFB asmSlot_shuffle(R14)(BX*8), X1, X1 \
	VMOVD X1, DX

// LONG_LENGTH is at the label away, and jumps to the label back:
//	l = d.length.Long[b>>d.length.LongShift-d.length.LongBase]
#define LONG_LENGTH(away, back) \
away: \
	MOVL CX, DX \
	SHRL $const_entryCode, DX \
	LEAQ (R9)(R9*1), AX \
	SHLXQ DX, AX, AX \
	MOVQ h+0(FP), R15 \
	MOVQ hotState_lengthShift(R15), DX \
	SHRXQ DX, AX, DX \
	SUBQ hotState_lengthBase(R15), DX \
	MOVQ hotState_lengthLong(R15), AX \
	MOVL (AX)(DX*4), DX \
	JMP back

// func asmHot(h *hotState)
TEXT ·asmHot(SB), NOSPLIT, $40-8
	MOVQ h+0(FP), DI
	// Indices become addresses, which nothing can move while this runs.
	MOVQ hotState_out(DI), R8
	MOVQ R8, out-40(SP)
	MOVQ hotState_last(DI), AX
	ADDQ R8, AX
	MOVQ AX, last-8(SP)
	MOVQ hotState_end(DI), AX
	ADDQ R8, AX
	MOVQ AX, end-16(SP)
	MOVQ hotState_copyLast(DI), AX
	ADDQ R8, AX
	MOVQ AX, copyLast-24(SP)
	ADDQ hotState_at(DI), R8
	MOVQ hotState_in(DI), SI
	LEAQ const_inputEnd(SI), AX
	MOVQ AX, inputEnd-32(SP)
	ADDQ hotState_next(DI), SI

	MOVQ hotState_tables(DI), R11
	LEAQ ·asmTables(SB), R14
	MOVQ hotState_buf(DI), R9
	MOVQ hotState_n(DI), R10
	VMOVDQU hotState_recent(DI), X0
	CONSTANTS
	REFILL(AX)
	LOOKUP(CX)
	JMP check

	PCALIGN $64
loop:
	// What leads to the next entry comes first, as each waits for the one
	// before. The buffer is refilled later; n still counts what is in BP.
	MOVQ R9, BP
	SHLXQ CX, R9, R9
	LOOKUP(AX)

	// s := slotOf(e); offset := s.newOffset(bits.RotateLeft64(buf, e))
	BEXTRL DI, CX, BX // 4 * slot, as a slot is 32 bytes
	MOVQ BP, DX
	ROLQ CX, DX
	ANDL asmSlot_mask(R14)(BX*8), DX
	ADDL asmSlot_base(R14)(BX*8), DX
	RECENT
	// length := lengthOf(e); src := at - offset
	SHRXL R12, CX, R13
	MOVQ R8, BX
	SUBQ DX, BX
	// if offset > at || offset < length { goto overlap }
	CMPQ BX, out-40(SP)
	JCS overlap
	CMPL DX, R13
	JCS overlap
	VMOVDQA X1, X0

	// In an entry that is not special, the low byte is the number of bits.
	SUBB CX, R10
	REFILL(DX)
	// v := rawmem.Load64(out, src); if length == literalLength { v = e>>entryLiteral }
	// It is not v but its address that is selected: a literal has no use for
	// the bytes at src, and as they were often stored in pieces a moment ago,
	// loading them can take long.
	MOVBLZX CH, DX
	LEAQ hotTables_literals(R14)(DX*1), DX
	MOVL AX, CX
	CMPL R13, $const_literalLength
	CMOVQEQ DX, BX
	MOVQ (BX), BX
	MOVQ BX, (R8)
	ADDQ R13, R8

check:
	CMPQ R8, last-8(SP)
	JHI done
	CMPQ SI, inputEnd-32(SP)
	JCS done
	TESTB $const_flagSpecial, CX
	JEQ loop
	TESTB $const_flagAligned, CX
	JNE alignedItem

	// An item with a length symbol, or a codeword that is longer than the
	// table's index
	CMPL CX, $const_entryLong
	JEQ longCodeword

special:
	LENGTH
	BEXTRL DI, CX, BX // 4 * slot
	TESTB $const_entryLong, DX
	JNE longLength
	TESTL DX, DX
	JEQ done // no length code
length:
	// Together, e and l have the number of bits to consume in their low byte.
	ADDL DX, CX
	SHLXQ CX, R9, BP
	// The next entry in R15. It is not in the way that the buffer is not
	// refilled: all of its 64 bits were valid, of which n only counts whole
	// bytes, and no item has more than 53.
	MOVQ BP, R15
	SHRQ $(64-const_mainBits), R15
	MOVL tables_main(R11)(R15*4), R15
	// length = longMatch + l's symbol
	MOVL DX, AX
	SHRL $const_symbolEntry, AX
	ADDL $const_longMatch, AX
	// offset = s.newOffset(bits.RotateLeft64(buf, e+l))
	MOVQ R9, DX
	ROLQ CX, DX
	ANDL asmSlot_mask(R14)(BX*8), DX
	ADDL asmSlot_base(R14)(BX*8), DX
	RECENT

match:
	// A match of AX bytes with offset DX. CX bits are to be consumed; what
	// becomes of recent and buf is in X1 and BP, and the entry after that in
	// R15. If it is not for here, nothing has changed yet.
	MOVQ R8, BX
	SUBQ DX, BX // src
	CMPQ BX, out-40(SP)
	JCS done
	LEAQ (R8)(AX*1), R12 // its end
	CMPQ R12, end-16(SP)
	JHI done
	VMOVDQA X1, X0
	MOVQ BP, R9
	SUBL CX, R10
	ANDL $63, R10
	REFILL(CX)
	MOVL R15, CX
	CMPQ R12, copyLast-24(SP)
	JHI bytes
	CMPL DX, $16
	JCS short
	VMOVDQU (BX), X2
	VMOVDQU X2, (R8)
	VMOVDQU 16(BX), X2
	VMOVDQU X2, 16(R8)
	CMPL AX, $32
	JHI long
copied:
	MOVQ R12, R8
	CONSTANTS
	JMP check

long:
	ADDQ $32, BX
	ADDQ $32, R8
	VMOVDQU (BX), X2
	VMOVDQU X2, (R8)
	VMOVDQU 16(BX), X2
	VMOVDQU X2, 16(R8)
	LEAQ 32(R8), DX
	CMPQ DX, R12
	JCS long
	JMP copied

short:
	// The bytes at src, the first offset of them repeated to 16, are stored at
	// steps of the greatest multiple of offset that is not over 16.
	VMOVDQU (BX), X2
	MOVBLZX hotTables_repeatSteps(R14)(DX*1), AX
	SHLL $4, DX
	VPSHUFB hotTables_repeatShuffles(R14)(DX*1), X2, X2
shortMore:
	VMOVDQU X2, (R8)
	ADDQ AX, R8
	CMPQ R8, R12
	JCS shortMore
	JMP copied

bytes:
	// The last few bytes of dst
	MOVB (BX), AX
	MOVB AX, (R8)
	INCQ BX
	INCQ R8
	CMPQ R8, R12
	JCS bytes
	JMP copied

alignedItem:
	BEXTRL DI, CX, BX // 4 * slot
	SHRXL R12, CX, AX
	CMPL AX, $const_longMatch
	JEQ alignedLong
upToAligned:
	// Up to the aligned symbol: b := buf << (e - alignedBits)
	SUBL $const_alignedBits, CX
	SHLXQ CX, R9, BP
	// a := d.tables.aligned[b>>(64-alignedMaxCode)] in R15
	MOVQ BP, R15
	SHRQ $(64-const_alignedMaxCode), R15
	MOVL tables_aligned(R11)(R15*4), R15
	// offset = s.alignedOffset(bits.RotateLeft64(buf, e - alignedBits), a)
	MOVQ R9, DX
	ROLQ CX, DX
	SHLL $const_alignedBits, DX
	ANDL asmSlot_mask(R14)(BX*8), DX
	ADDL asmSlot_base(R14)(BX*8), DX
	MOVL R15, R12
	SHRL $const_symbolEntry, R12
	ADDL R12, DX
	// b <<= a's bits
	SHLXQ R15, BP, BP
	ADDL R15, CX
	MOVQ BP, R15
	SHRQ $(64-const_mainBits), R15
	MOVL tables_main(R11)(R15*4), R15
	RECENT
	JMP match

alignedLong:
	LENGTH
	TESTB $const_entryLong, DX
	JNE alignedLongLength
	TESTL DX, DX
	JEQ done // no length code
alignedLength:
	// e now stands for the length symbol's bits too.
	ADDL DX, CX
	MOVL DX, AX
	SHRL $const_symbolEntry, AX
	ADDL $const_longMatch, AX
	JMP upToAligned

longCodeword:
	// e = d.main.Long[buf>>d.main.LongShift-d.main.LongBase]
	MOVQ h+0(FP), BX
	MOVQ hotState_mainShift(BX), CX
	SHRXQ CX, R9, AX
	SUBQ hotState_mainBase(BX), AX
	MOVQ hotState_mainLong(BX), CX
	MOVL (CX)(AX*4), CX
	JMP check

overlap:
	// A match that overlaps itself or reaches before the start, or a literal
	// where R0 does
	XCHGQ R9, BP
	CMPL R13, $const_literalLength
	JEQ done
	MOVL AX, R15
	MOVL R13, AX
	JMP match

done:
	MOVQ h+0(FP), DI
	SUBQ hotState_out(DI), R8
	MOVQ R8, hotState_at(DI)
	SUBQ hotState_in(DI), SI
	MOVQ SI, hotState_next(DI)
	MOVQ R9, hotState_buf(DI)
	MOVQ R10, hotState_n(DI)
	VMOVDQU X0, hotState_recent(DI)
	RET

	LONG_LENGTH(longLength, length)
	LONG_LENGTH(alignedLongLength, alignedLength)
