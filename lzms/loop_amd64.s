//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmLoop is goLoop in registers:
//
//	DI  d
//	R8  width         R9  code          BP  bound
//	R10 buf           R11 bit           BX  top
//	R12 &dst[out]     R14 mainState     X0  d.lzQueue
//	R13 &src[0]       SI  &src[d.rng.next]
//	AX, CX, DX are free

// RENORM is
//	if width <= 0xFFFF {
//		width <<= 16
//		code = code<<16 | d.word()
//	}
// and the body, which is rare, is RENORM_BODY at the label away, which jumps
// to the label back.
#define RENORM(away, back) \
	CMPL R8, $0x10000 \
	JB away \
back:

#define RENORM_BODY(away, back) \
away: \
	SHLL $16, R8 \
	SHLL $16, R9 \
	MOVWLZX (SI), CX \
	ADDQ $2, SI \
	ORL CX, R9 \
	JMP back

// BOUND is bound = width >> 6 * d.k.chance[i]
#define BOUND(k, i) \
	MOVL R8, BP \
	SHRL $6, BP \
	IMULL (k+decision_chance)(DI)(i*4), BP

// LEARN0 is d.k.learn(i, 0). It counts the ones in the new history, and leaves
// d.k.ones, which nothing else needs in a chunk that asmLoop works on, alone.
#define LEARN0(k, i) \
	MOVQ (k+decision_history)(DI)(i*8), CX \
	ADDQ CX, CX \
	MOVQ CX, (k+decision_history)(DI)(i*8) \
	POPCNTQ CX, CX \
	MOVBLZX (Decoder_rng+rangeDecoder_chance)(DI)(CX*1), CX \
	MOVL CX, (k+decision_chance)(DI)(i*4)

// LEARN1 is d.k.learn(i, 1) in the same way.
#define LEARN1(k, i) \
	MOVQ (k+decision_history)(DI)(i*8), CX \
	LEAQ 1(CX)(CX*1), CX \
	MOVQ CX, (k+decision_history)(DI)(i*8) \
	POPCNTQ CX, CX \
	MOVBLZX (Decoder_rng+rangeDecoder_chance)(DI)(CX*1), CX \
	MOVL CX, (k+decision_chance)(DI)(i*4)

// NEXT0 and NEXT1 go from state i to the next:
//	d.k.state = state << 1 & mask
//	d.k.state = (state<<1 | 1) & mask
#define NEXT0(k, i, mask) \
	ADDL i, i \
	ANDL $mask, i \
	MOVL i, (k+decision_state)(DI)
#define NEXT1(k, i, mask) \
	LEAL 1(i)(i*1), i \
	ANDL $mask, i \
	MOVL i, (k+decision_state)(DI)

// LOOKUP is e := d.c.at(top), with e in CX. If that is 0, LOOKUP_LONG at the
// label away does e = d.c.lookupLong(buf) and jumps to the label back.
#define LOOKUP(c, away, back) \
	SHRQ $(64-const_tableBits), BX \
	MOVWLZX (c+code_table)(DI)(BX*2), CX \
	TESTL CX, CX \
	JZ away \
back:

// The sum of lookupLong is a loop here.
#define LOOKUP_LONG(c, away, more, found, back) \
away: \
	MOVQ R10, AX \
	SHRQ $48, AX \
	MOVL $(const_tableBits+1), CX \
more: \
	CMPL AX, (c+code_limit)(DI)(CX*4) \
	JB found \
	INCL CX \
	CMPL CX, $const_maxCodeLen \
	JB more \
found: \
	MOVL $16, BX \
	SUBL CX, BX \
	SHRXL BX, AX, AX \
	SUBL (c+code_delta)(DI)(CX*4), AX \
	ANDL $1023, AX \
	MOVWLZX (c+code_sorted)(DI)(AX*2), AX \
	ADDL AX, CX \
	JMP back

// CONSUME is
//	bit -= uint64(e % 64)
//	top = bits.RotateLeft64(buf, int(e))
//	buf = d.load(bit) << (^bit & 7)
//	e >>= 6
#define CONSUME \
	MOVQ R10, BX \
	ROLQ CX, BX \
	MOVL CX, AX \
	ANDL $63, AX \
	SUBQ AX, R11 \
	MOVQ R11, AX \
	SHRQ $3, AX \
	MOVQ -8(R13)(AX*1), R10 \
	ANDNL seven-24(SP), R11, AX \
	SHLXQ AX, R10, R10 \
	SHRL $const_entryBits, CX

// func asmLoop(d *Decoder, items int) pause
TEXT ·asmLoop(SB), NOSPLIT, $32-24
	MOVQ d+0(FP), DI
	MOVQ items+8(FP), AX
	MOVQ (Decoder_src)(DI), R13
	MOVQ (Decoder_rng+rangeDecoder_next)(DI), SI
	ADDQ R13, SI
	MOVL (Decoder_rng+rangeDecoder_width)(DI), R8
	MOVL (Decoder_rng+rangeDecoder_code)(DI), R9
	MOVQ (Decoder_bits+bitReader_left)(DI), R11
	ADDQ $7, R11
	MOVQ Decoder_out(DI), R12
	ADDQ (Decoder_dst)(DI), R12
	ADDQ R12, AX
	MOVQ AX, limit-8(SP)
	// The end of the places where a match may be copied by 32 bytes.
	MOVQ (Decoder_dst)(DI), AX
	ADDQ (Decoder_dst+8)(DI), AX
	SUBQ $32, AX
	MOVQ AX, margin-16(SP)
	MOVL $7, seven-24(SP)
	MOVL (Decoder_main+decision_state)(DI), R14
	MOVOU Decoder_lzQueue(DI), X0

	// buf := d.bits.peek(d.src), away from the start of src
	MOVQ R11, AX
	SHRQ $3, AX
	MOVQ -8(R13)(AX*1), R10
	ANDNL seven-24(SP), R11, AX
	SHLXQ AX, R10, R10
	MOVQ R10, BX
	RENORM(renormStart, start)
	BOUND(Decoder_main, R14)

loop:
	CMPQ R12, limit-8(SP)
	JAE item
	CMPL R9, BP
	JAE match

	// A literal
	MOVL BP, R8
	LEARN0(Decoder_main, R14)
	ADDL R14, R14
	ANDL $15, R14
	RENORM(renormLiteral, literal)
	BOUND(Decoder_main, R14)
	LOOKUP(Decoder_literal, literalLong, literalFound)
	CONSUME
	MOVB CX, (R12)
	INCQ R12
	INCL (Decoder_literal+code_freq)(DI)(CX*4)
	DECQ (Decoder_literal+code_left)(DI)
	JNZ loop

item:
	MOVQ $const_pauseItem, why+16(FP)
done:
	MOVL R8, (Decoder_rng+rangeDecoder_width)(DI)
	MOVL R9, (Decoder_rng+rangeDecoder_code)(DI)
	SUBQ R13, SI
	MOVQ SI, (Decoder_rng+rangeDecoder_next)(DI)
	SUBQ $7, R11
	MOVQ R11, (Decoder_bits+bitReader_left)(DI)
	SUBQ (Decoder_dst)(DI), R12
	MOVQ R12, Decoder_out(DI)
	MOVL R14, (Decoder_main+decision_state)(DI)
	MOVOU X0, Decoder_lzQueue(DI)
	RET

match:
	SUBL BP, R8
	SUBL BP, R9
	LEARN1(Decoder_main, R14)
	LEAL 1(R14)(R14*1), R14
	ANDL $15, R14

	// LZ or delta match?
	RENORM(renormKind, kind)
	MOVL (Decoder_match+decision_state)(DI), AX
	BOUND(Decoder_match, AX)
	CMPL R9, BP
	JAE delta
	MOVL BP, R8
	LEARN0(Decoder_match, AX)
	NEXT0(Decoder_match, AX, 31)

	// An explicit or a repeat offset?
	RENORM(renormLZ, lz)
	MOVL (Decoder_lz+decision_state)(DI), AX
	BOUND(Decoder_lz, AX)
	CMPL R9, BP
	JAE repeat
	MOVL BP, R8
	LEARN0(Decoder_lz, AX)
	NEXT0(Decoder_lz, AX, 63)
	RENORM(renormExplicit, explicit)
	BOUND(Decoder_main, R14)
	LOOKUP(Decoder_lzOffset, offsetLong, offsetFound)
	CONSUME
	INCL (Decoder_lzOffset+code_freq)(DI)(CX*4)
	DECQ (Decoder_lzOffset+code_left)(DI)
	JZ offsetDue
offsetCounted:
	// offset = s.base + uint32(top)&s.mask, in DX
	MOVQ (Decoder_lzOffset+code_slots)(DI), AX
	MOVL (slots_slot+slot_mask)(AX)(CX*8), DX
	ANDL BX, DX
	ADDL (slots_slot+slot_base)(AX)(CX*8), DX
	// lzQueue = [4]uint32{offset, lzQueue[0], lzQueue[1], lzQueue[2]}
	PSLLDQ $4, X0
	PINSRD $0, DX, X0

length:
	LOOKUP(Decoder_length, lengthLong, lengthFound)
	CONSUME
	INCL (Decoder_length+code_freq)(DI)(CX*4)
	DECQ (Decoder_length+code_left)(DI)
	JZ lengthDue
lengthCounted:
	// length := s.base + uint32(top)&s.mask, in AX
	MOVQ (Decoder_length+code_slots)(DI), AX
	LEAQ (AX)(CX*8), CX
	MOVL (slots_slot+slot_mask)(CX), AX
	ANDL BX, AX
	ADDL (slots_slot+slot_base)(CX), AX

	// offset <= out, and length <= len(dst) - 32 - out
	MOVQ R12, CX
	SUBQ (Decoder_dst)(DI), CX
	CMPQ DX, CX
	JA copy
	LEAQ (R12)(AX*1), CX
	CMPQ CX, margin-16(SP)
	JA copy
	CMPL DX, $16
	JB short

	MOVQ R12, CX
	SUBQ DX, CX
	MOVOU (CX), X1
	MOVOU X1, (R12)
	MOVOU 16(CX), X1
	MOVOU X1, 16(R12)
	CMPL AX, $32
	JA long
	ADDQ AX, R12
	JMP loop

long:
	// AX becomes the end.
	ADDQ R12, AX
longMore:
	ADDQ $32, R12
	ADDQ $32, CX
	MOVOU (CX), X1
	MOVOU X1, (R12)
	MOVOU 16(CX), X1
	MOVOU X1, 16(R12)
	LEAQ 32(R12), BP
	CMPQ BP, AX
	JB longMore
	MOVQ AX, R12
	BOUND(Decoder_main, R14)
	JMP loop

short:
	// The 16 bytes before out, the last offset of them repeated, are stored
	// at steps of the greatest multiple of offset that is not over 16.
	MOVQ R12, CX
	SUBQ DX, CX
	MOVOU (CX), X1
	LEAQ ·repeatSteps(SB), CX
	MOVBLZX (CX)(DX*1), BP
	LEAQ ·repeatShuffles(SB), CX
	SHLL $4, DX
	MOVOU (CX)(DX*1), X2
	PSHUFB X2, X1
	ADDQ R12, AX
shortMore:
	MOVOU X1, (R12)
	ADDQ BP, R12
	CMPQ R12, AX
	JB shortMore
	MOVQ AX, R12
	BOUND(Decoder_main, R14)
	JMP loop

copy:
	MOVL DX, Decoder_copyOffset(DI)
	MOVL AX, Decoder_copyLength(DI)
	MOVQ $const_pauseCopy, why+16(FP)
	JMP done

delta:
	SUBL BP, R8
	SUBL BP, R9
	LEARN1(Decoder_match, AX)
	NEXT1(Decoder_match, AX, 31)
	MOVQ $const_pauseDelta, why+16(FP)
	JMP done

repeat:
	SUBL BP, R8
	SUBL BP, R9
	LEARN1(Decoder_lz, AX)
	NEXT1(Decoder_lz, AX, 63)
	// i := mainState >> 1 &^ (d.match.state >> 1) & 1, in DX
	MOVL (Decoder_match+decision_state)(DI), DX
	ANDNL R14, DX, DX
	SHRL $1, DX
	ANDL $1, DX

	RENORM(renormRepeat0, repeat0)
	MOVL (Decoder_lzRepeat0+decision_state)(DI), AX
	BOUND(Decoder_lzRepeat0, AX)
	CMPL R9, BP
	JAE notFirst
	MOVL BP, R8
	LEARN0(Decoder_lzRepeat0, AX)
	NEXT0(Decoder_lzRepeat0, AX, 63)
	JMP repeatOffset

notFirst:
	SUBL BP, R8
	SUBL BP, R9
	LEARN1(Decoder_lzRepeat0, AX)
	NEXT1(Decoder_lzRepeat0, AX, 63)
	RENORM(renormRepeat1, repeat1)
	MOVL (Decoder_lzRepeat1+decision_state)(DI), AX
	BOUND(Decoder_lzRepeat1, AX)
	CMPL R9, BP
	JAE third
	MOVL BP, R8
	LEARN0(Decoder_lzRepeat1, AX)
	NEXT0(Decoder_lzRepeat1, AX, 63)
	ADDL $1, DX
	JMP repeatOffset

third:
	SUBL BP, R8
	SUBL BP, R9
	LEARN1(Decoder_lzRepeat1, AX)
	NEXT1(Decoder_lzRepeat1, AX, 63)
	ADDL $2, DX

repeatOffset:
	RENORM(renormRepeat, repeatDone)
	BOUND(Decoder_main, R14)
	// Move entry i of the queue to its front.
	SHLL $4, DX
	LEAQ ·queueShuffles(SB), CX
	MOVOU (CX)(DX*1), X1
	PSHUFB X1, X0
	MOVL X0, DX
	JMP length

offsetDue:
	MOVQ $0, limit-8(SP)
	JMP offsetCounted
lengthDue:
	MOVQ $0, limit-8(SP)
	JMP lengthCounted

	RENORM_BODY(renormStart, start)
	RENORM_BODY(renormLiteral, literal)
	RENORM_BODY(renormKind, kind)
	RENORM_BODY(renormLZ, lz)
	RENORM_BODY(renormExplicit, explicit)
	RENORM_BODY(renormRepeat0, repeat0)
	RENORM_BODY(renormRepeat1, repeat1)
	RENORM_BODY(renormRepeat, repeatDone)

	LOOKUP_LONG(Decoder_literal, literalLong, literalMore, literalEnd, literalFound)
	LOOKUP_LONG(Decoder_lzOffset, offsetLong, offsetMore, offsetEnd, offsetFound)
	LOOKUP_LONG(Decoder_length, lengthLong, lengthMore, lengthEnd, lengthFound)
