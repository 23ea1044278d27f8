//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmHot is hotUnsafe, which see, in registers. What goes by a name there is
//
//	R8   &out[at]       SI   &in[next]      R13  h
//	R9   buf            R10  n              CX   e
//	R11  main           R14  &slots[0]      X0   recent, 4 bytes each
//
// R12, R15, BP and DI hold constants in the inner loop, see CONSTANTS. The
// rest of the registers, and these after an item that leaves it, are free.
//
// The first six bits of an entry are the number of bits to consume, and shifts
// take no more than six bits of a register as their count.

// CONSTANTS sets the registers that save the inner loop a MOV each: shifts and
// BEXTR with them have a destination of their own.
#define CONSTANTS \
	MOVL $(const_entrySlot-2), R12 \
	MOVL $(64-const_mainBits), R15 \
	MOVL $(4<<8|const_entryLength), BP \
	MOVL $3, DI

// REFILL is
//	buf |= rawmem.Load64(in, next) >> (n & 63)
//	next -= ^n >> 3 & 7
//	n |= 56
// where ^n>>3&7 is 7 - n>>3, as n is at most 63. R12, R15, BP and DI hold
// the constants.
#define REFILL(scratch) \
	SHRXQ R10, (SI), scratch \
	ORQ scratch, R9 \
	SHRXQ DI, R10, scratch \
	LEAQ -7(SI)(scratch*1), SI \
	ORL $56, R10

// LOOKUP is entry = rawmem.Entry(main, buf>>(64-mainBits)).
#define LOOKUP(entry) \
	SHRXQ R15, R9, entry \
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
TEXT ·asmHot(SB), NOSPLIT, $40-8
	MOVQ h+0(FP), R13
	// Indices become addresses, which nothing can move while this runs.
	MOVQ hotState_out(R13), R8
	MOVQ hotState_last(R13), AX
	ADDQ R8, AX
	MOVQ AX, last-8(SP)
	MOVQ hotState_end(R13), AX
	ADDQ R8, AX
	MOVQ AX, end-16(SP)
	MOVQ hotState_copyLast(R13), AX
	ADDQ R8, AX
	MOVQ AX, copyLast-24(SP)
	ADDQ hotState_at(R13), R8
	MOVQ hotState_in(R13), SI
	LEAQ const_inputEnd(SI), AX
	MOVQ AX, inputEnd-32(SP)
	ADDQ hotState_next(R13), SI

	MOVQ hotState_main(R13), R11
	LEAQ ·slots(SB), R14
	MOVQ hotState_buf(R13), R9
	MOVQ hotState_n(R13), R10
	VMOVDQU hotState_recent(R13), X0
	CONSTANTS
	REFILL(AX)
	LOOKUP(CX)
	JMP check

loop:
	// s := slotOf(e); offset := s.newOffset(bits.RotateLeft64(buf, e))
	SHRXL R12, CX, BX // 4 * slot, as a slot is 32 bytes
	MOVQ R9, DX
	ROLQ CX, DX
	ANDL slot_mask(R14)(BX*8), DX
	ADDL slot_base(R14)(BX*8), DX
	RECENT
	// length := lengthOf(e); src := at - offset
	BEXTRL BP, CX, AX
	MOVQ R8, BX
	SUBQ DX, BX
	// if offset > at || offset < length { goto overlap }
	CMPQ BX, hotState_out(R13)
	JCS overlap
	CMPL DX, AX
	JCS overlap
	VMOVDQA X1, X0

	// v := rawmem.Load64(out, src); if length == literalLength { v = e>>entryLiteral }
	// buf <<= e; n -= e. In an entry that is not special, the low byte is
	// the number of bits.
	// The next entry is looked up before the buffer is refilled.
	SHLXQ CX, R9, R9
	SUBB CX, R10
	MOVBLZX CH, DX
	LOOKUP(CX)
	MOVQ (BX), BX
	CMPL AX, $const_literalLength
	CMOVQEQ DX, BX
	REFILL(DX)
	MOVQ BX, (R8)
	ADDQ AX, R8

check:
	CMPQ R8, last-8(SP)
	JHI done
	CMPQ SI, inputEnd-32(SP)
	JCS done
	TESTB $const_flagSpecial, CX
	JEQ loop

	// An item with a length symbol or an aligned symbol or both, or a codeword
	// that is longer than the table's index
	CMPL CX, $const_entryLong
	JEQ longCodeword

special:
	// b := buf << code in BP: the field is code - 1, with zeros above it.
	MOVL CX, DX
	SHRL $const_entryCode, DX
	LEAQ (R9)(R9*1), BP
	SHLXQ DX, BP, BP
	// l := lengths[b>>(64-lengthBits)] in DX
	MOVQ hotState_lengths(R13), R15
	MOVQ BP, DX
	SHRQ $(64-const_lengthBits), DX
	MOVL (R15)(DX*4), DX
	// s := slotOf(e), and footer in AX
	MOVL CX, BX
	SHRL $(const_entrySlot-2), BX
	MOVL slot_footer(R14)(BX*8), AX
	CMPL CX, hotState_firstAligned(R13)
	JCC alignedItem
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
	MOVL R15, CX

match:
	// A match of AX bytes with offset DX. What becomes of recent, buf and n is
	// in X1, BP and CX. If it is not for here, nothing has changed yet.
	MOVQ R8, BX
	SUBQ DX, BX // src
	CMPQ BX, hotState_out(R13)
	JCS done
	LEAQ (R8)(AX*1), R15 // its end
	CMPQ R15, end-16(SP)
	JHI done
	VMOVDQA X1, X0
	MOVQ BP, R9
	MOVL CX, R10
	REFILL(CX)
	MOVQ R9, CX
	SHRQ $(64-const_mainBits), CX
	MOVL (R11)(CX*4), CX
	CMPQ R15, copyLast-24(SP)
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
	MOVQ R15, R8
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
	CMPQ DX, R15
	JCS long
	JMP copied

short:
	// The bytes at src, the first offset of them repeated to 16, are stored at
	// steps of the greatest multiple of offset that is not over 16.
	VMOVDQU (BX), X2
	LEAQ ·repeatSteps(SB), BX
	MOVBLZX (BX)(DX*1), AX
	LEAQ ·repeatShuffles(SB), BX
	SHLL $4, DX
	VPSHUFB (BX)(DX*1), X2, X2
shortMore:
	VMOVDQU X2, (R8)
	ADDQ AX, R8
	CMPQ R8, R15
	JCS shortMore
	JMP copied

bytes:
	// The last few bytes of dst
	MOVB (BX), AX
	MOVB AX, (R8)
	INCQ BX
	INCQ R8
	CMPQ R8, R15
	JCS bytes
	JMP copied

alignedItem:
	TESTB $const_entryLong, DX
	JNE alignedLongLength
	TESTL DX, DX
	JEQ done // no length code
alignedLength:
	// length := lengthOf(e) in R15; l = 0 unless it is longMatch
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
	MOVL R12, CX
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
	// where R0 does
	CMPL AX, $const_literalLength
	JEQ done
	SHLXQ CX, R9, BP
	MOVL R10, R12
	SUBB CX, R12
	MOVL R12, CX
	JMP match

done:
	SUBQ hotState_out(R13), R8
	MOVQ R8, hotState_at(R13)
	SUBQ hotState_in(R13), SI
	MOVQ SI, hotState_next(R13)
	MOVQ R9, hotState_buf(R13)
	MOVQ R10, hotState_n(R13)
	VMOVDQU X0, hotState_recent(R13)
	RET

	LONG_LENGTH(longLength, length)
	LONG_LENGTH(alignedLongLength, alignedLength)
