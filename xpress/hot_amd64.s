//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmHot is the loop of hotUnsafe in registers:
//
//	SI  &dst[pos]
//	R8  buf           R9  n, in its low 8 bits   R10 &in[next]
//	AX  e             R14 its byte 1 in the table
//	R11, BX and R13 take over from R8, AX and R14 for the second item
//	R12 &code.main    R15 64-codeBits            BP  1
//	CX, DX, DI, X0, X1 are free
//
// It also does what hotUnsafe leaves: overlapping copies, codewords that are
// longer than the index of the table, and long matches. That is done apart from
// the loop, and ends with a jump to resume.

// REFILL is
//	buf |= unitsInOrder(load64(in, next)) >> n
//	next += ^n >> 3 & 6
//	n |= 48
// All 64 bits of buf are right then, though only n count.
#define REFILL \
	MOVQ (R10), X1 \
	PSHUFLW $0x1B, X1, X1 \
	MOVQ X1, CX \
	SHRXQ R9, CX, CX \
	ORQ CX, R8 \
	RORXL $3, R9, CX \
	NOTL CX \
	ANDL $6, CX \
	ADDQ CX, R10 \
	ORL $48, R9

// OFFSET is
//	footer := e >> entryFooter & 15
//	offset := 1<<footer | buf>>(e>>entryShift&63)&(1<<footer-1) // DI
//	src := &dst[pos-offset] // DX
#define OFFSET(e, buf) \
	RORXL $const_entryShift, e, CX \
	RORXL $const_entryFooter, e, DI \
	BEXTRQ CX, buf, DX \
	SHLXQ DI, BP, DI \
	ADDQ DX, DI \
	MOVQ SI, DX \
	SUBQ DI, DX

// ITEM is
//	if src is before dst {
//		goto start // of the chunk, or an error
//	}
//	length := e >> entryLength // CX, and the carry is flagMatch
//	if e&flagMatch == 0 {
//		src = the byte of e
//	}
//	if offset < length {
//		goto overlap
//	}
//	copy(dst[pos:pos+16], src[:16])
//	pos, n = pos + length, n - e&63
#define ITEM(e, buf, byte, start, overlap) \
	OFFSET(e, buf) \
	CMPQ DX, dst+8(FP) \
	JCS start \
	MOVL e, CX \
	SHRL $const_entryLength, CX \
	CMOVQCC byte, DX \
	CMPL DI, CX \
	JCS overlap \
	MOVOU (DX), X0 \
	MOVOU X0, (SI) \
	ADDQ CX, SI \
	SUBL e, R9

// func asmHot(d *Decoder, dst *byte, pos, last uint) (end uint)
TEXT ·asmHot(SB), NOSPLIT, $32-40
	MOVQ d+0(FP), DI
	MOVQ (Decoder_bits+bitReader_in)(DI), R10
	MOVQ (Decoder_bits+bitReader_in+8)(DI), CX
	LEAQ -8(R10)(CX*1), CX
	MOVQ CX, lastLoad-8(SP)
	ADDQ (Decoder_bits+bitReader_next)(DI), R10
	MOVQ (Decoder_bits+bitReader_buf)(DI), R8
	MOVQ (Decoder_bits+bitReader_n)(DI), R9
	LEAQ (Decoder_code+code_main)(DI), R12
	MOVQ dst+8(FP), SI
	MOVQ last+24(FP), CX
	ADDQ SI, CX
	MOVQ CX, last-16(SP)
	ADDQ pos+16(FP), SI
	MOVL $1, BP
	MOVL $(64-const_codeBits), R15

resume:
	// if next > lastLoad { return pos }
	CMPQ R10, lastLoad-8(SP)
	JHI done
	REFILL
	// e = code[buf>>(64-codeBits)]
	SHRXQ R15, R8, R14
	MOVL (R12)(R14*4), AX
	LEAQ 1(R12)(R14*4), R14

loop:
	// for pos <= last && e&flagSpecial == 0
	CMPQ SI, last-16(SP)
	JHI done
	TESTB $const_flagSpecial, AX
	JNE special

	// following := buf << (e & 63)
	// e = code[following>>(64-codeBits)]
	// These three instructions are what all waits for, so they come before the
	// rest of the item, and before the refill. An item has up to 26 bits: of the
	// 64 that REFILL left, at least 12 are there for the lookup after two.
	SHLXQ AX, R8, R11
	SHRXQ R15, R11, R13
	MOVL (R12)(R13*4), BX
	LEAQ 1(R12)(R13*4), R13
	ITEM(AX, R8, R14, start, overlap)

	// Once more, if n >= 26 && e&flagSpecial == 0.
	CMPB R9, $26
	JCS refillSecond
	TESTB $const_flagSpecial, BX
	JNE specialSecond
	SHLXQ BX, R11, R8
	SHRXQ R15, R8, R14
	MOVL (R12)(R14*4), AX
	LEAQ 1(R12)(R14*4), R14
	ITEM(BX, R11, R13, startSecond, overlapSecond)

refill:
	CMPQ R10, lastLoad-8(SP)
	JHI done
	REFILL
	JMP loop

refillSecond:
	MOVL BX, AX
	MOVQ R11, R8
	MOVQ R13, R14
	JMP refill

startSecond:
	MOVL BX, AX
	MOVQ R11, R8
	MOVQ R13, R14

start:
	// A literal may be here, a match may not.
	TESTL $const_flagMatch, AX
	JNE done
	MOVOU (R14), X0
	MOVOU X0, (SI)
	INCQ SI
	SUBL AX, R9
	SHLXQ AX, R8, R8
	JMP resume

overlapSecond:
	MOVL BX, AX
	MOVQ R11, R8

overlap:
	// A short match that reads what it writes: repeat the offset bytes.
	MOVOU (DX), X0
	SHLQ $4, DI
	LEAQ ·repeatShuffles(SB), DX
	MOVOU (DX)(DI*1), X1
	PSHUFB X1, X0
	MOVOU X0, (SI)
	ADDQ CX, SI
	SUBL AX, R9
	SHLXQ AX, R8, R8
	JMP resume

specialSecond:
	MOVL BX, AX
	MOVQ R11, R8

special:
	// 15 + 15 bits may be needed, and 16 behind the codeword.
	CMPB R9, $32
	JCS resume
	TESTB $const_entryBits, AX
	JNE longMatch

	// e = long[buf>>longShift - longBase]
	MOVQ d+0(FP), DX
	MOVQ (Decoder_code+code_longShift)(DX), CX
	SHRXQ CX, R8, DI
	SUBQ (Decoder_code+code_longBase)(DX), DI
	MOVL (Decoder_code+code_long)(DX)(DI*4), AX
	LEAQ (Decoder_code+code_long+1)(DX)(DI*4), R14
	TESTB $const_flagSpecial, AX
	JNE longMatch
	ITEM(AX, R8, R14, start, overlap)
	SHLXQ AX, R8, R8
	JMP resume

longMatch:
	// A match of 17 bytes and more.
	OFFSET(AX, R8)
	CMPQ DX, dst+8(FP)
	JCS done
	MOVL AX, CX
	SHRL $const_entryLength, CX
	CMPL CX, $const_longMatch
	JEQ lengthBytes
	// if end := pos + length; end+longMargin > last { return pos }
	LEAQ const_longMargin(SI)(CX*1), R14
	CMPQ R14, last-16(SP)
	JHI done
	SUBQ $const_longMargin, R14
	SUBL AX, R9
	ANDL $63, R9 // e has flagSpecial
	SHLXQ AX, R8, R8
	JMP copyMatch

lengthBytes:
	// As bitReader.lengthBytes. The codeword is consumed first:
	//	m := n - (e&63 - footer)
	RORXL $const_entryFooter, AX, CX
	MOVL R9, R14
	SUBL AX, R14
	ADDL CX, R14

	// at := next - 2*(m/16 - 1), which is next + 2 - m>>3&6
	SHRL $3, R14
	ANDL $6, R14
	NEGQ R14
	LEAQ 2(R10)(R14*1), R11

	// length := 18 + in[at], or 3 + what is behind a byte of 255
	MOVBLZX (R11), CX
	INCQ R11
	ADDL $const_longMatch, CX
	CMPL CX, $(const_longMatch+255)
	JNE lengthKnown
	MOVWLZX (R11), CX
	ADDQ $2, R11
	ADDL $const_minMatch, CX

lengthKnown:
	// if end := pos + length; end+longMargin > last { return pos }
	LEAQ const_longMargin(SI)(CX*1), R14
	CMPQ R14, last-16(SP)
	JHI done
	SUBQ $const_longMargin, R14

	// next = at
	// n = 16 + m%16 - footer
	// buf = buf << (e&63) &^ (1<<(64-n) - 1)
	MOVQ R11, R10
	RORXL $const_entryFooter, AX, CX
	SUBL AX, R9
	ADDL CX, R9
	ANDL $15, R9
	ADDL $16, R9
	SUBL CX, R9
	SHLXQ AX, R8, R8
	MOVL R9, CX
	NEGL CX
	SHRXQ CX, R8, R8
	SHLXQ CX, R8, R8

copyMatch:
	// Repeat from src until pos = R14.
	CMPQ DI, $16
	JCS repeat

far:
	// 64 bytes at a time, without a branch: most long matches end within them. By
	// 16 bytes, as a source may be that near.
	MOVOU (DX), X0
	MOVOU X0, (SI)
	MOVOU 16(DX), X0
	MOVOU X0, 16(SI)
	MOVOU 32(DX), X0
	MOVOU X0, 32(SI)
	MOVOU 48(DX), X0
	MOVOU X0, 48(SI)
	ADDQ $64, DX
	ADDQ $64, SI
	CMPQ SI, R14
	JCS far
	MOVQ R14, SI
	JMP resume

repeat:
	MOVOU (DX), X0
	LEAQ ·repeatSteps(SB), CX
	MOVBLZX (CX)(DI*1), CX
	SHLQ $4, DI
	LEAQ ·repeatShuffles(SB), DX
	MOVOU (DX)(DI*1), X1
	PSHUFB X1, X0

	// The first 16 bytes of repetitions, and the next ones a multiple of offset
	// behind them.
again:
	MOVOU X0, (SI)
	ADDQ CX, SI
	CMPQ SI, R14
	JCS again
	MOVQ R14, SI
	JMP resume

done:
	MOVQ d+0(FP), DI
	SUBQ (Decoder_bits+bitReader_in)(DI), R10
	MOVQ R10, (Decoder_bits+bitReader_next)(DI)
	MOVQ R8, (Decoder_bits+bitReader_buf)(DI)
	ANDL $63, R9
	MOVQ R9, (Decoder_bits+bitReader_n)(DI)
	SUBQ dst+8(FP), SI
	MOVQ SI, end+32(FP)
	RET
