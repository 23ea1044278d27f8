//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmHot is the loop of hotUnsafe in registers:
//
//	SI  pos           R13 &dst[0]
//	R8  buf           R9  n, in its low 8 bits
//	R10 &in[next]     R12 &code[0]
//	AX  e             R14 where its byte 1 is, seen from R13
//	BP  where byte 1 of code[0] is, seen from R13
//	R11 1             BX  6              R15 64-codeBits
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
	ANDNL BX, CX, CX \
	ADDQ CX, R10 \
	ORL $48, R9

// LOOKUP is
//	e = code[buf>>(64-codeBits)]
#define LOOKUP \
	SHRXQ R15, R8, DI \
	MOVL (R12)(DI*4), AX \
	LEAQ (BP)(DI*4), R14

// OFFSET is
//	footer := e >> entryFooter & 15
//	offset := 1<<footer | buf>>(e>>entryShift&63)&(1<<footer-1) // DI
#define OFFSET \
	RORXL $const_entryShift, AX, CX \
	RORXL $const_entryFooter, AX, DI \
	BEXTRQ CX, R8, DX \
	SHLXQ DI, R11, DI \
	ADDQ DX, DI

// ITEM is
//	src := pos - offset // DX
//	if src < 0 {
//		return pos // the start of the chunk, or an error
//	}
//	length := e >> entryLength // CX
//	if e&flagMatch == 0 {
//		src = the byte of e
//	}
//	if offset < length {
//		goto overlap
//	}
//	buf, n = buf << (e&63), n - e&63
#define ITEM \
	OFFSET \
	MOVQ SI, DX \
	SUBQ DI, DX \
	JCS done \
	MOVL AX, CX \
	SHRL $27, CX \
	CMOVQCC R14, DX \
	CMPL DI, CX \
	JCS overlap \
	SUBL AX, R9 \
	SHLXQ AX, R8, R8

// COPY is
//	copy(dst[pos:pos+16], dst[src:src+16])
//	pos += length
#define COPY \
	MOVOU (R13)(DX*1), X0 \
	MOVOU X0, (R13)(SI*1) \
	ADDQ CX, SI

// func asmHot(d *Decoder, dst *byte, pos, last uint) (end uint)
TEXT ·asmHot(SB), NOSPLIT, $16-40
	MOVQ d+0(FP), DI
	MOVQ (Decoder_bits+bitReader_in)(DI), R10
	MOVQ (Decoder_bits+bitReader_in+8)(DI), CX
	LEAQ -8(R10)(CX*1), CX
	MOVQ CX, lastLoad-8(SP)
	ADDQ (Decoder_bits+bitReader_next)(DI), R10
	MOVQ (Decoder_bits+bitReader_buf)(DI), R8
	MOVQ (Decoder_bits+bitReader_n)(DI), R9
	LEAQ (Decoder_code+code_main)(DI), R12
	MOVQ dst+8(FP), R13
	MOVQ pos+16(FP), SI
	LEAQ 1(R12), BP
	SUBQ R13, BP
	MOVL $1, R11
	MOVL $6, BX
	MOVL $(64-const_codeBits), R15

	// An iteration is up to two items. In the Go code it is one, as the
	// compiler runs out of registers.
resume:
	CMPQ R10, lastLoad-8(SP)
	JHI done
	REFILL
	LOOKUP

loop:
	// for pos <= last && next <= lastLoad && e&flagSpecial == 0
	CMPQ SI, last+24(FP)
	JHI done
	TESTB $const_flagSpecial, AX
	JNE special
	ITEM
	// The next entry is looked up before the buffer is refilled, and before
	// the copy. The two items of an iteration have up to 26 bits each, so at
	// least 12 of the 64 that REFILL left are there for the last lookup.
	LOOKUP
	COPY

	// if n >= 26 && e&flagSpecial == 0
	CMPB R9, $26
	JCS refill
	TESTB $const_flagSpecial, AX
	JNE special
	ITEM
	LOOKUP
	COPY

refill:
	CMPQ R10, lastLoad-8(SP)
	JHI done
	REFILL
	JMP loop

overlap:
	// A short match that reads what it writes: repeat the offset bytes.
	MOVOU (R13)(DX*1), X0
	SHLQ $4, DI
	LEAQ ·repeatShuffles(SB), DX
	MOVOU (DX)(DI*1), X1
	PSHUFB X1, X0
	MOVOU X0, (R13)(SI*1)
	ADDQ CX, SI
	SUBL AX, R9
	SHLXQ AX, R8, R8
	JMP resume

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
	LEAQ (Decoder_code+code_long)(DX), CX
	MOVL (CX)(DI*4), AX
	LEAQ 1(CX)(DI*4), R14
	SUBQ R13, R14
	TESTB $const_flagSpecial, AX
	JNE longMatch
	ITEM
	COPY
	JMP resume

longMatch:
	OFFSET
	MOVQ SI, DX
	SUBQ DI, DX
	JCS done
	MOVL AX, CX
	SHRL $27, CX
	CMPL CX, $const_longMatch
	JEQ lengthBytes
	LEAQ (SI)(CX*1), R14
	CMPQ R14, last+24(FP)
	JHI done
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
	LEAQ 2(R10)(R14*1), R14

	// length := 18 + in[at], or 3 + what is behind a byte of 255
	MOVBLZX (R14), CX
	INCQ R14
	ADDL $const_longMatch, CX
	CMPL CX, $(const_longMatch+255)
	JNE lengthKnown
	MOVWLZX (R14), CX
	ADDQ $2, R14
	ADDL $const_minMatch, CX

lengthKnown:
	// if end := pos + length; end > last { return pos }
	MOVQ R14, at-16(SP)
	LEAQ (SI)(CX*1), R14
	CMPQ R14, last+24(FP)
	JHI done

	// n = 16 + m%16 - footer
	// buf = buf << (e&63) &^ (1<<(64-n) - 1)
	// next = at
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
	MOVQ at-16(SP), R10

copyMatch:
	// Repeat from src until pos = R14.
	CMPQ DI, $16
	JCS repeat

far:
	MOVOU (R13)(DX*1), X0
	MOVOU X0, (R13)(SI*1)
	MOVOU 16(R13)(DX*1), X0
	MOVOU X0, 16(R13)(SI*1)
	ADDQ $32, DX
	ADDQ $32, SI
	CMPQ SI, R14
	JCS far
	MOVQ R14, SI
	JMP resume

repeat:
	MOVOU (R13)(DX*1), X0
	LEAQ ·repeatSteps(SB), CX
	MOVBLZX (CX)(DI*1), CX
	SHLQ $4, DI
	LEAQ ·repeatShuffles(SB), DX
	MOVOU (DX)(DI*1), X1
	PSHUFB X1, X0
	// The first 16 bytes of repetitions, and the next ones a multiple of
	// offset behind them.
again:
	MOVOU X0, (R13)(SI*1)
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
	MOVQ SI, end+32(FP)
	RET
