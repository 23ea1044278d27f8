//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmHot is hotUnsafe, which see, in registers. What goes by a name there is
//
//	R13  h, the state that asmHot begins and ends with
//	DI   out            R8  at
//	SI   &in[next]      R9  buf      R10  n
//	CX   e              X0  recent, 4 bytes each
//	R11  main           R14 &slots[0]
//	AX, BX, DX, BP, R12, R15, X1 and X2 are free
//
// The first six bits of an entry are the number of bits to consume, and shifts
// take no more than six bits of a register as their count.

// REFILL is, with following the bits of n before that, which it destroys
//	buf |= rawmem.Load64(in, next) >> (n & 63)
//	next -= ^n >> 3 & 7
//	n |= 56
#define REFILL(scratch) \
	MOVQ (SI), scratch \
	SHRXQ R10, scratch, scratch \
	ORQ scratch, R9 \
	MOVL R10, scratch \
	XORL $63, scratch \
	SHRL $3, scratch \
	SUBQ scratch, SI \
	ORL $56, R10

// LOOKUP is entry = rawmem.Entry(main, buf>>(64-mainBits)).
#define LOOKUP(entry) \
	MOVQ R9, entry \
	SHRQ $(64-const_mainBits), entry \
	MOVL (R11)(entry*4), entry

// RECENT makes recent[3] the new offset DX, shuffles recent into X1 as the
// slot says that is at R14 + 8*BX, and puts the newest offset into DX:
//	after := recent.repeat(...), or recent.push(DX)
//	DX = after.newest()
#define RECENT \
	VPINSRD $3, DX, X0, X1 \
	VPSHUFB slot_shuffle(R14)(BX*8), X1, X1 \
	VMOVD X1, DX

// LONG_LENGTH is at the label away, and jumps to the label back:
//	l = d.length.Long[b>>d.length.LongShift-d.length.LongBase]
#define LONG_LENGTH(away, back) \
away: \
	MOVQ hotState_lengthShift(R13), DX \
	SHRXQ DX, BP, DX \
	SUBQ hotState_lengthBase(R13), DX \
	MOVQ hotState_lengthLong(R13), R15 \
	MOVL (R15)(DX*4), DX \
	JMP back

// func asmHot(h *hotState)
TEXT ·asmHot(SB), NOSPLIT, $8-8
	MOVQ h+0(FP), R13
	LEAQ ·slots(SB), R14
	MOVQ hotState_main(R13), R11
	MOVQ hotState_out(R13), DI
	MOVQ hotState_at(R13), R8
	MOVQ hotState_next(R13), SI
	MOVQ hotState_buf(R13), R9
	MOVL hotState_n(R13), R10
	VMOVDQU hotState_recent(R13), X0
	REFILL(AX)
	LOOKUP(CX)
	JMP check

loop:
	// s := slotOf(e); offset := s.newOffset(bits.RotateLeft64(buf, e))
	MOVL CX, BX
	SHRL $(const_entrySlot-2), BX // 4 * slot, as a slot is 32 bytes
	MOVQ R9, DX
	ROLQ CX, DX
	ANDL slot_mask(R14)(BX*8), DX
	ADDL slot_base(R14)(BX*8), DX
	RECENT
	// length := e>>entryLength & 15
	MOVL CX, AX
	SHRL $const_entryLength, AX
	ANDL $15, AX
	// src := at - offset; if src > at-length { goto overlap }
	MOVQ R8, BX
	SUBQ DX, BX
	MOVQ R8, DX
	SUBQ AX, DX
	CMPQ BX, DX
	JHI overlap
	VMOVDQA X1, X0

	// buf <<= e; n -= e. In an entry that is not special, the low byte is
	// the number of bits.
	MOVL CX, R12
	SHLXQ CX, R9, R9
	SUBB CX, R10
	// The next entry is looked up before the buffer is refilled.
	LOOKUP(CX)
	REFILL(R15)

	// v := rawmem.Load64(out, src), or the literal
	MOVQ (DI)(BX*1), BX
	MOVL R12, DX
	SHRL $const_entryLiteral, DX
	TESTL $const_flagLiteral, R12
	CMOVQNE DX, BX
	MOVQ BX, (DI)(R8*1)
	ADDQ AX, R8

check:
	CMPQ R8, hotState_last(R13)
	JHI done
	CMPQ SI, hotState_inputEnd(R13)
	JCS done
	TESTB $const_flagSpecial, CX
	JEQ loop

	// An item with a length symbol or an aligned symbol or both, or a codeword
	// that is longer than the table's index
	CMPL CX, $const_entryLong
	JEQ longCodeword

special:
	// s := slotOf(e), and footer in AX
	MOVL CX, BX
	SHRL $(const_entrySlot-2), BX
	MOVL slot_footer(R14)(BX*8), AX
	// b := buf << code in BP
	MOVL CX, DX
	SUBL AX, DX
	SHLXQ DX, R9, BP
	// l := lengths[b>>(64-lengthBits)] in DX
	MOVQ hotState_lengths(R13), R15
	MOVQ BP, DX
	SHRQ $(64-const_lengthBits), DX
	MOVL (R15)(DX*4), DX
	TESTL $const_flagAligned, CX
	JNE alignedItem
	TESTB $const_entryLong, DX
	JNE longLength
	TESTL DX, DX
	JEQ done // no length code
length:
	SHLXQ DX, BP, BP
	// left = n - entry's bits - l's bits in R15, modulo 64
	MOVL R10, R15
	SUBL CX, R15
	SUBL DX, R15
	ANDL $63, R15
	// length = longMatch + l's symbol in AX
	MOVL AX, CX
	MOVL DX, AX
	SHRL $const_symbolEntry, AX
	ADDL $const_longMatch, AX
	// offset = s.newOffset(bits.RotateLeft64(b, footer)); b <<= footer
	MOVQ BP, DX
	ROLQ CX, DX
	SHLXQ CX, BP, BP
	ANDL slot_mask(R14)(BX*8), DX
	ADDL slot_base(R14)(BX*8), DX
	RECENT
	MOVL R15, BX

match:
	// A match of AX bytes with offset DX. What becomes of recent, buf and n is
	// in X1, BP and BX. It ends at end in CX.
	CMPQ DX, R8
	JHI done
	LEAQ (R8)(AX*1), CX
	CMPQ CX, hotState_end(R13)
	JHI done
	VMOVDQA X1, X0
	MOVQ BP, R9
	MOVL BX, R10
	REFILL(BP)
	LOOKUP(R15)
	MOVQ R8, BX
	SUBQ DX, BX // src
	CMPQ CX, hotState_copyLast(R13)
	JHI bytes
	CMPL DX, $16
	JCS short
	VMOVDQU (DI)(BX*1), X2
	VMOVDQU X2, (DI)(R8*1)
	VMOVDQU 16(DI)(BX*1), X2
	VMOVDQU X2, 16(DI)(R8*1)
	CMPL AX, $32
	JHI long
copied:
	MOVQ CX, R8
	MOVL R15, CX
	JMP check

long:
	ADDQ $32, BX
	ADDQ $32, R8
	VMOVDQU (DI)(BX*1), X2
	VMOVDQU X2, (DI)(R8*1)
	VMOVDQU 16(DI)(BX*1), X2
	VMOVDQU X2, 16(DI)(R8*1)
	LEAQ 32(R8), DX
	CMPQ DX, CX
	JCS long
	JMP copied

short:
	// The bytes at src, the first offset of them repeated to 16, are stored at
	// steps of the greatest multiple of offset that is not over 16.
	VMOVDQU (DI)(BX*1), X2
	LEAQ ·repeatSteps(SB), BX
	MOVBLZX (BX)(DX*1), AX
	LEAQ ·repeatShuffles(SB), BX
	SHLL $4, DX
	VPSHUFB (BX)(DX*1), X2, X2
shortMore:
	VMOVDQU X2, (DI)(R8*1)
	ADDQ AX, R8
	CMPQ R8, CX
	JCS shortMore
	JMP copied

bytes:
	// The last few bytes of dst
	MOVB (DI)(BX*1), AX
	MOVB AX, (DI)(R8*1)
	INCQ BX
	INCQ R8
	CMPQ R8, CX
	JCS bytes
	JMP copied

alignedItem:
	TESTB $const_entryLong, DX
	JNE alignedLongLength
	TESTL DX, DX
	JEQ done
alignedLength:
	// length := e>>entryLength & 15 in R15; l = 0 unless it is longMatch
	MOVL CX, R15
	SHRL $const_entryLength, R15
	ANDL $15, R15
	CMPL R15, $const_longMatch
	CMOVLCS hotState_zero(R13), DX
	SHLXQ DX, BP, BP
	// left = n - entry's bits - l's bits in R12, modulo 64
	MOVL R10, R12
	SUBL CX, R12
	SUBL DX, R12
	// length += l's symbol
	SHRL $const_symbolEntry, DX
	ADDL DX, R15
	// offset = s.newOffset(bits.RotateLeft64(b, footer)), less its last three bits
	MOVL AX, CX
	MOVQ BP, DX
	ROLQ CX, DX
	ANDL slot_mask(R14)(BX*8), DX
	ANDL $-(1<<const_alignedBits), DX
	ADDL slot_base(R14)(BX*8), DX
	// b <<= footer - alignedBits
	SUBL $const_alignedBits, CX
	SHLXQ CX, BP, BP
	// a := aligned[b>>(64-alignedMaxCode)] in CX
	MOVQ hotState_aligned(R13), CX
	MOVQ BP, AX
	SHRQ $(64-const_alignedMaxCode), AX
	MOVL (CX)(AX*4), CX
	// b <<= a's bits; left -= a's bits - alignedBits; offset += a's symbol
	SHLXQ CX, BP, BP
	SUBL CX, R12
	ADDL $const_alignedBits, R12
	ANDL $63, R12
	SHRL $const_symbolEntry, CX
	ADDL CX, DX
	RECENT
	MOVL R15, AX
	MOVL R12, BX
	JMP match

longCodeword:
	// e = d.main.Long[buf>>d.main.LongShift-d.main.LongBase]
	MOVQ hotState_mainShift(R13), CX
	SHRXQ CX, R9, AX
	SUBQ hotState_mainBase(R13), AX
	MOVQ hotState_mainLong(R13), CX
	MOVL (CX)(AX*4), CX
	TESTB $const_flagSpecial, CX
	JEQ loop
	JMP special

overlap:
	// A match that overlaps itself or reaches before the start, or a literal
	// where R0 does; src is in BX, length in AX.
	TESTL $const_flagLiteral, CX
	JNE done
	MOVQ R8, DX
	SUBQ BX, DX // offset
	SHLXQ CX, R9, BP
	MOVL R10, BX
	SUBB CX, BX
	JMP match

done:
	MOVQ R8, hotState_at(R13)
	MOVQ SI, hotState_next(R13)
	MOVQ R9, hotState_buf(R13)
	MOVL R10, hotState_n(R13)
	VMOVDQU X0, hotState_recent(R13)
	RET

	LONG_LENGTH(longLength, length)
	LONG_LENGTH(alignedLongLength, alignedLength)
