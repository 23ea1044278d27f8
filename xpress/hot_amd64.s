//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// hotLoop is the loop of hotUnsafe, which see, in registers:
//
//	DI  &window       R12 pos     R13 last
//	SI  &in           R8  next    R9  lastLoad
//	R10 buf           R11 n       R14 &code     AX e
//	BX, CX, DX, BP are free; BX is mostly length, DX offset
//
// What keeps it within bounds is said there. Matches of more than 16 bytes and
// overlaps are copied 16 bytes at a time, and end before size; so they write
// less than 16 bytes behind it, and windowSize has 64.

// REFILL is
//	buf |= unitPair(rawmem.Load32(in, next)) >> (n & 63)
//	next += ^n >> 3 & 6
//	n |= 48
#define REFILL \
	MOVL (SI)(R8*1), DX \
	RORXL $16, DX, DX \
	SHLQ $32, DX \
	SHRXQ R11, DX, DX \
	ORQ DX, R10 \
	MOVL R11, CX \
	NOTL CX \
	SHRL $3, CX \
	ANDL $6, CX \
	ADDQ CX, R8 \
	ORL $48, R11

// OFFSET is
//	offset := 1<<footer | buf>>(-bits&63) & (1<<footer - 1)
// for footer in CX and bits in DX, where offset goes.
#define OFFSET \
	NEGL DX \
	SHRXQ DX, R10, DX \
	BZHIQ CX, DX, DX \
	BTSQ CX, DX

// func hotLoop(s *hotState)
TEXT ·hotLoop(SB), NOSPLIT, $48-8
	MOVQ s+0(FP), AX
	MOVQ hotState_long(AX), CX
	MOVQ CX, long-8(SP)
	MOVQ hotState_longBase(AX), CX
	MOVQ CX, longBase-16(SP)
	MOVQ hotState_longLen(AX), CX
	MOVQ CX, longLen-24(SP)
	MOVQ hotState_longShift(AX), BX
	MOVQ BX, longShift-32(SP)
	MOVQ hotState_window(AX), DI
	MOVQ hotState_in(AX), SI
	MOVQ hotState_code(AX), R14
	MOVQ hotState_pos(AX), R12
	MOVQ hotState_last(AX), R13
	MOVQ hotState_next(AX), R8
	MOVQ hotState_lastLoad(AX), R9
	MOVQ hotState_buf(AX), R10
	MOVQ hotState_n(AX), R11

	// e := code[buf>>(64-codeBits)]
	MOVQ R10, CX
	SHRQ $(64-const_codeBits), CX
	MOVL (R14)(CX*4), AX

loop:
	// for pos < last && next <= lastLoad && e&flagSpecial == 0
	CMPQ R12, R13
	JAE done
	CMPQ R8, R9
	JA done
	TESTL $const_flagSpecial, AX
	JNZ special

item:
	// footer := ^e >> entryFooter & 15
	MOVL AX, CX
	NOTL CX
	SHRL $const_entryFooter, CX
	ANDL $15, CX
	MOVL AX, DX
	OFFSET
	// length := e>>entryLength&15 + 1
	MOVL AX, BX
	SHRL $const_entryLength, BX
	ANDL $15, BX
	INCL BX
	// A literal has length 1 and offset 1, and passes both tests.
	CMPQ DX, BX
	JB overlap
	CMPQ DX, R12
	JA done
	// from := &window[pos-offset], or &literalBytes[e>>entryLiteral]
	LEAQ (DI)(R12*1), CX
	SUBQ DX, CX
	MOVL AX, BP
	SHRL $const_entryLiteral, BP
	LEAQ ·literalBytes(SB), DX
	ADDQ BP, DX
	TESTL AX, AX // flagMatch is its sign
	CMOVQPL DX, CX
	// copy(window[pos:pos+16], from)
	MOVOU (CX), X0
	MOVOU X0, (DI)(R12*1)
	ADDQ BX, R12

consume:
	// buf <<= e & entryBits; n -= e & entryBits
	SHLXQ AX, R10, R10
	ANDL $const_entryBits, AX
	SUBL AX, R11

next:
	// The next entry is looked up before the buffer is refilled.
	MOVQ R10, CX
	SHRQ $(64-const_codeBits), CX
	MOVL (R14)(CX*4), AX
	REFILL
	JMP loop

done:
	MOVQ s+0(FP), AX
	MOVQ R12, hotState_pos(AX)
	MOVQ R8, hotState_next(AX)
	MOVQ R10, hotState_buf(AX)
	MOVQ R11, hotState_n(AX)
	RET

overlap:
	// A match of up to 16 bytes whose offset in DX is less than its length: the
	// bytes before pos, the last offset of them repeated.
	CMPQ DX, R12
	JA done
	LEAQ (DI)(R12*1), CX
	MOVQ CX, BP
	SUBQ DX, BP
	MOVOU (BP), X0
	SHLL $4, DX
	LEAQ ·repeatShuffles(SB), BP
	MOVOU (BP)(DX*1), X1
	PSHUFB X1, X0
	MOVOU X0, (CX)
	ADDQ BX, R12
	JMP consume

special:
	CMPL AX, $const_entryLong
	JNE longMatch
	// The codeword is longer than codeBits.
	// e = long[buf>>longShift - longBase]
	MOVQ longShift-32(SP), CX
	SHRXQ CX, R10, CX
	SUBQ longBase-16(SP), CX
	CMPQ CX, longLen-24(SP)
	JAE done
	MOVQ long-8(SP), DX
	MOVL (DX)(CX*4), AX
	TESTL $const_flagSpecial, AX
	JZ item

longMatch:
	// A match of more than 16 bytes. To stop before it, buf, n and next must
	// be as they are now. Up to 3 bytes and a refill of 8 come from the input.
	LEAQ 8(R8), CX
	CMPQ CX, R9
	JA done
	MOVQ R8, X2
	MOVQ R10, X3
	MOVQ R11, X4
	MOVL AX, BP
	NOTL BP
	SHRL $const_entryFooter, BP
	ANDL $15, BP // footer
	MOVL AX, BX
	SHRL $const_entryLength, BX
	ANDL $15, BX
	JNZ lengthBytes
	// length := 17
	MOVL $(const_maxMain+1), BX
	MOVL AX, DX
	MOVL BP, CX
	OFFSET
	SHLXQ AX, R10, R10
	ANDL $const_entryBits, AX
	SUBL AX, R11
	JMP copy

lengthBytes:
	// r.consume(e&entryBits - footer)
	MOVL AX, DX
	ANDL $const_entryBits, DX
	SUBL BP, DX
	SHLXQ DX, R10, R10
	SUBL DX, R11
	// As in bitReader.lengthBytes:
	//	surplus := n/16 - 1
	//	next -= 2 * surplus
	//	n -= 16 * surplus
	//	buf &= ^0 << (64 - n)
	MOVL R11, DX
	SHRL $4, DX
	DECL DX
	LEAQ (DX)(DX*1), CX
	SUBQ CX, R8
	SHLL $4, DX
	SUBL DX, R11
	MOVL $64, DX
	SUBL R11, DX
	SHRXQ DX, R10, R10
	SHLXQ DX, R10, R10
	//	length := minMatch + 15 + in[next]
	MOVBLZX (SI)(R8*1), BX
	INCQ R8
	ADDL $(const_minMatch+15), BX
	CMPL BX, $(const_minMatch+15+255)
	JB lengthDone
	//	length = minMatch + in[next] + in[next+1]<<8
	MOVWLZX (SI)(R8*1), BX
	ADDQ $2, R8
	ADDL $const_minMatch, BX

lengthDone:
	// buf |= unitsInOrder(rawmem.Load64(in, next)) >> n, and so on
	MOVQ (SI)(R8*1), X0
	PSHUFLW $0x1B, X0, X0
	MOVQ X0, DX
	SHRXQ R11, DX, DX
	ORQ DX, R10
	MOVL R11, CX
	NOTL CX
	SHRL $3, CX
	ANDL $6, CX
	ADDQ CX, R8
	ORL $48, R11
	// offset and r.consume(footer)
	MOVL BP, CX
	MOVL BP, DX
	OFFSET
	SHLXQ BP, R10, R10
	SUBL BP, R11

copy:
	// if offset > pos || length > size-pos { stop before the item }
	CMPQ DX, R12
	JA undo
	LEAQ const_hotMargin(R13), CX
	SUBQ R12, CX
	CMPQ BX, CX
	JA undo
	LEAQ (DI)(R12*1), CX // to
	ADDQ BX, R12
	LEAQ (DI)(R12*1), BX // its end
	MOVQ CX, BP
	SUBQ DX, BP // from
	CMPL DX, $16
	JB pattern

copyMore:
	MOVOU (BP), X0
	MOVOU X0, (CX)
	ADDQ $16, BP
	ADDQ $16, CX
	CMPQ CX, BX
	JB copyMore
	JMP next

pattern:
	// As in overlap, stored at steps of the greatest multiple of offset that is
	// not over 16.
	MOVOU (BP), X0
	LEAQ ·repeatSteps(SB), BP
	MOVBLZX (BP)(DX*1), AX
	SHLL $4, DX
	LEAQ ·repeatShuffles(SB), BP
	MOVOU (BP)(DX*1), X1
	PSHUFB X1, X0

patternMore:
	MOVOU X0, (CX)
	ADDQ AX, CX
	CMPQ CX, BX
	JB patternMore
	JMP next

undo:
	MOVQ X2, R8
	MOVQ X3, R10
	MOVQ X4, R11
	JMP done
