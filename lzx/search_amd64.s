//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmSearch is searchPlain, which see, where nothing reaches the block's end.
// What goes by a name there is
//
//	R12  i              SI   &words[i]      DI   &data[i]
//	R8   &places[i]     R9   &found[0]      R10  p
//	R13  w, then base   R14  shortest       R15  recent, then matches to go
//
// The words after words[i] change all the time, most of them by short matches.
// So the next eight are not in memory but in a window,
//
//	Y10  words[i+1:i+5]    Y11  words[i+5:i+9]
//
// where the matches of all lengths up to 8 are relaxed at once, without a
// branch that depends on the length. From position to position the window moves
// up by one word.
//
// Words are compared as floating point numbers: positive ones are in the same
// order as the integers of the same bits, and VMINPD is quick. That is why
// words start at firstWord, where those numbers are normal ones, and end at
// noWord, the largest finite one.
//
// R11 is asmLanes. A load 8*n bytes before its noWords has 0 in the first n
// lanes and noWord in the others: the maximum with it leaves the first n words.
// A load 8*n bytes before the end of its noWords leaves the others.

DATA asmLanes<>+0(SB)/8, $0
DATA asmLanes<>+8(SB)/8, $0
DATA asmLanes<>+16(SB)/8, $0
DATA asmLanes<>+24(SB)/8, $0
DATA asmLanes<>+32(SB)/8, $0
DATA asmLanes<>+40(SB)/8, $0
DATA asmLanes<>+48(SB)/8, $0
DATA asmLanes<>+56(SB)/8, $0
DATA asmLanes<>+64(SB)/8, $0x7fefffffffffffff
DATA asmLanes<>+72(SB)/8, $0x7fefffffffffffff
DATA asmLanes<>+80(SB)/8, $0x7fefffffffffffff
DATA asmLanes<>+88(SB)/8, $0x7fefffffffffffff
DATA asmLanes<>+96(SB)/8, $0x7fefffffffffffff
DATA asmLanes<>+104(SB)/8, $0x7fefffffffffffff
DATA asmLanes<>+112(SB)/8, $0x7fefffffffffffff
DATA asmLanes<>+120(SB)/8, $0x7fefffffffffffff
DATA asmLanes<>+128(SB)/8, $0
DATA asmLanes<>+136(SB)/8, $0
DATA asmLanes<>+144(SB)/8, $0
DATA asmLanes<>+152(SB)/8, $0
DATA asmLanes<>+160(SB)/8, $0
DATA asmLanes<>+168(SB)/8, $0
DATA asmLanes<>+176(SB)/8, $0
DATA asmLanes<>+184(SB)/8, $0
GLOBL asmLanes<>(SB), RODATA|NOPTR, $192

#define literals (parser_costs+costs_literal)(R10)
#define slots (parser_costs+costs_slot)(R10)
#define long (parser_costs+costs_long)(R10)

// BROADCAST makes all words of Y0 AX.
#define BROADCAST \
	VMOVQ AX, X0 \
	VPBROADCASTQ X0, Y0

// MASK makes Y1 and Y2 leave the first min(CX, 8) words.
#define MASK \
	MOVL $8, DX \
	CMPL CX, DX \
	CMOVLLT CX, DX \
	NEGQ DX \
	VMOVDQU 64(R11)(DX*8), Y1 \
	VMOVDQU 96(R11)(DX*8), Y2

// LONG offers the matches of lengths from DX to CX, all of which need a length
// symbol. Y0 is the base with the cost of the main symbol.
#define LONG(loop, last, done) \
loop: \
	MOVL CX, BX \
	SUBL DX, BX \
	VPADDQ (parser_costs+costs_long-8*const_longMatch)(R10)(DX*8), Y0, Y1 \
	CMPL BX, $3 \
	JLT last \
	VMINPD (SI)(DX*8), Y1, Y1 \
	VMOVDQU Y1, (SI)(DX*8) \
	ADDL $4, DX \
	CMPL DX, CX \
	JLE loop \
	JMP done \
last: \
	NOTQ BX \
	VMAXPD 64(R11)(BX*8), Y1, Y1 \
	VMINPD (SI)(DX*8), Y1, Y1 \
	VMOVDQU Y1, (SI)(DX*8) \
done:

// LONGER keeps the length of repeat k, CX, and makes R14 more than that.
#define LONGER(k) \
	MOVL CX, lengths-(24-4*k)(SP) \
	LEAL 1(CX), BX \
	CMPL BX, R14 \
	CMOVLGT BX, R14

// REPEAT offers the matches with recent offset k: those of up to 8 bytes even
// if there are none, as 0 of them. (The match of length 1 is too expensive.)
#define REPEAT(k, extend, got, loop, last, done) \
	MOVQ R15, DX \
	SHRQ $(k*const_offsetBits), DX \
	ANDL $const_offsetMask, DX \
	NEGQ DX \
	ADDQ DI, DX \
	MOVQ (DI), AX \
	XORQ (DX), AX \
	TZCNTQ AX, CX \
	SHRL $3, CX \
	LEAQ k(R13), BX \
	VMOVQ BX, X0 \
	VPBROADCASTQ X0, Y0 \
	MOVQ CX, BX \
	NEGQ BX \
	VPADDQ (parser_costs+costs_slot+k*72)(R10), Y0, Y1 \
	VPADDQ (parser_costs+costs_slot+k*72+32)(R10), Y0, Y2 \
	VMAXPD 64(R11)(BX*8), Y1, Y1 \
	VMAXPD 96(R11)(BX*8), Y2, Y2 \
	VMINPD Y1, Y10, Y10 \
	VMINPD Y2, Y11, Y11 \
	LONGER(k) \
	TESTQ AX, AX \
	JNZ done \
extend: \
	MOVQ (DI)(CX*1), AX \
	XORQ (DX)(CX*1), AX \
	JNZ got \
	ADDQ $8, CX \
	CMPL CX, $const_maxMatch \
	JLT extend \
got: \
	TZCNTQ AX, AX \
	SHRL $3, AX \
	ADDL AX, CX \
	MOVL $const_maxMatch, AX \
	CMPL CX, AX \
	CMOVLGT AX, CX \
	LONGER(k) \
	CMPL CX, $const_longMatch \
	JLT done \
	LEAQ k(R13), AX \
	ADDQ (parser_costs+costs_slot+k*72+64)(R10), AX \
	BROADCAST \
	MOVL $const_longMatch, DX \
	LONG(loop, last, done)

// SLOT makes BX the slot of the item offset AX, which is no recent one.
#define SLOT(few) \
	BSRL AX, DX \
	LEAL -1(DX), BX \
	SHRXL BX, AX, BX \
	ANDL $1, BX \
	LEAL (BX)(DX*2), BX \
	CMPL AX, $(1<<(const_maxFooterBits+1)) \
	JLT few \
	MOVL AX, BX \
	SHRL $const_maxFooterBits, BX \
	ADDL $34, BX \
few:

// GAP is relaxGap where AX is the item's offset, BX its slot's costs, CX the
// match's length; R15 is the number of literals, and R14 the length of the
// repeat. It spoils them all, DX, and BP.
#define GAP(shortFirst, firstDone, oneLiteral, shortSecond, secondDone, inWindow, done) \
	MOVL CX, BP \
	SHLL $const_gapBits, BP \
	ORL R15, BP \
	MOVQ R13, DX \
	CMPL CX, $const_longMatch \
	JLT shortFirst \
	ADDQ 64(BX), DX \
	ADDQ (parser_costs+costs_long-8*const_longMatch)(R10)(CX*8), DX \
	JMP firstDone \
shortFirst: \
	ADDQ -8(BX)(CX*8), DX \
firstDone: \
	ADDL R14, CX \
	ADDL R15, CX \
	NEGQ R15 \
	SUBQ R14, R15 \
	ADDQ CX, R15 \
	ADDQ DI, R15 \
	MOVL BP, BX \
	ANDL $(1<<const_gapBits-1), BX \
	MOVQ BX, togo-48(SP) \
oneLiteral: \
	MOVBLZX (R15), BX \
	ADDQ literals(BX*8), DX \
	INCQ R15 \
	DECQ togo-48(SP) \
	JNZ oneLiteral \
	CMPL R14, $const_longMatch \
	JLT shortSecond \
	ADDQ (parser_costs+costs_slot+64)(R10), DX \
	ADDQ (parser_costs+costs_long-8*const_longMatch)(R10)(R14*8), DX \
	JMP secondDone \
shortSecond: \
	ADDQ (parser_costs+costs_slot-8)(R10)(R14*8), DX \
secondDone: \
	SHRQ $const_wordCost, DX \
	SHLQ $const_wordCost, DX \
	ORQ DX, AX \
	MOVQ CX, DX \
	SHLQ $const_wordLength, DX \
	ORQ DX, AX \
	BTSQ $const_wordGap, AX \
	VMOVDQU Y10, 8(SI) \
	VMOVDQU Y11, 40(SI) \
	CMPQ AX, (SI)(CX*8) \
	JCC done \
	MOVQ parser_gaps(R10), BX \
	LEAQ (BX)(R12*2), BX \
	MOVW BP, (BX)(CX*2) \
	CMPL CX, $8 \
	JLE inWindow \
	MOVQ AX, (SI)(CX*8) \
	JMP done \
inWindow: \
	BROADCAST \
	NEGQ CX \
	VMAXPD 64(R11)(CX*8), Y0, Y1 \
	VMAXPD 96(R11)(CX*8), Y0, Y2 \
	VMAXPD 136(R11)(CX*8), Y1, Y1 \
	VMAXPD 168(R11)(CX*8), Y2, Y2 \
	VMINPD Y1, Y10, Y10 \
	VMINPD Y2, Y11, Y11 \
done:

// func asmSearch(s *asmState)
TEXT ·asmSearch(SB), NOSPLIT, $64-8
	MOVQ s+0(FP), AX
	MOVQ asmState_word(AX), SI
	MOVQ asmState_data(AX), DI
	MOVQ asmState_place(AX), R8
	MOVQ asmState_match(AX), BX
	MOVQ BX, matches-56(SP)
	MOVQ asmState_margin(AX), BX
	MOVQ BX, margin-64(SP)
	MOVQ asmState_parser(AX), R10
	LEAQ asmLanes<>(SB), R11
	MOVQ asmState_i(AX), R12
	MOVQ asmState_end(AX), BX
	MOVQ BX, end-8(SP)
	MOVQ (SI), R13
	VMOVDQU 8(SI), Y10
	VMOVDQU 40(SI), Y11

position:
	MOVQ R13, (SI)

	// recent = p.step(i, w), both ways, and one is picked.
	MOVQ R13, BX
	SHRQ $const_wordLength, BX
	ANDL $const_lengthField, BX
	MOVL R13, CX
	ANDL $const_offsetField, CX
	MOVQ R12, DX
	SUBQ BX, DX
	ANDL $(const_ringSize-1), DX
	MOVQ parser_ring(R10)(DX*8), DX
	MOVQ DX, AX
	SHLQ $const_offsetBits, AX
	LEAQ -const_offsetBias(CX), BX
	ORQ BX, AX // push
	IMUL3L $const_offsetBits, CX, BX
	SHRXQ BX, DX, R15
	XORQ DX, R15
	ANDL $const_offsetMask, R15
	XORQ R15, DX
	SHLXQ BX, R15, R15
	XORQ DX, R15 // repeat
	CMPL CX, $const_repeatSlots
	CMOVQCC AX, R15
	MOVQ R12, DX
	ANDL $(const_ringSize-1), DX
	MOVQ R15, parser_ring(R10)(DX*8)

	SHRQ $const_wordCost, R13
	SHLQ $const_wordCost, R13
	MOVL (R8), CX
	TESTL CX, CX
	JEQ literal

	// Is it passed over?
	VMINPD Y10, Y11, Y1
	VEXTRACTI128 $1, Y1, X2
	VMINPD X1, X2, X1
	VPSRLDQ $8, X1, X2
	VMINPD X1, X2, X1
	VMOVQ X1, AX
	MOVQ margin-64(SP), DX
	ADDQ R13, DX
	CMPQ AX, DX
	JCC take
	CMPL CX, $const_takeLongest // what was not searched is negative
	JLT literal
take:
	TESTL CX, CX
	JMI stop
	ANDL $(const_takeLongest-1), CX
	SHRL $const_firstMatch, CX
	MOVQ matches-56(SP), R9
	LEAQ (R9)(CX*8), R9

	MOVL $const_minMatch, R14
	REPEAT(0, extend0, got0, loop0, last0, done0)
	REPEAT(1, extend1, got1, loop1, last1, done1)
	REPEAT(2, extend2, got2, loop2, last2, done2)

	// If no match is longer than a repeat, there may be a gap after that.
	MOVBLZX (R8), R15
	LEAL -1(R14), CX
	CMPL CX, -8(R9)(R15*8)
	JLT match
	MOVQ R14, shortest-32(SP)
	MOVQ $0, repeat-40(SP)
repeatGap:
	MOVBLZX (R8), R15
	MOVQ repeat-40(SP), BP
	MOVL lengths-24(SP)(BP*4), CX
	CMPL CX, -8(R9)(R15*8)
	JLT noRepeatGap
	MOVQ R12, DX
	ANDL $(const_ringSize-1), DX
	MOVQ parser_ring(R10)(DX*8), BX
	IMUL3L $const_offsetBits, BP, DX
	SHRXQ DX, BX, BX
	ANDL $const_offsetMask, BX
	NEGQ BX
	ADDQ DI, BX
	// gapAfter
	MOVQ (DI)(CX*1), AX
	XORQ (BX)(CX*1), AX
	MOVQ $0x0101010101010101, DX
	MOVQ AX, R14
	SUBQ DX, R14
	ANDNQ R14, AX, R14
	SHLQ $7, DX
	ANDQ DX, R14
	TZCNTQ R14, R15
	SHRL $3, R15
	LEAL -1(R15), DX
	CMPL DX, $const_maxGap
	JCC noRepeatGap
	LEAL 8(R15*8), DX
	SHRXQ DX, AX, DX
	TESTB DX, DX
	JNZ noRepeatGap
	LEAQ (DI)(CX*1), AX
	ADDQ R15, AX
	ADDQ CX, BX
	ADDQ R15, BX
	XORL R14, R14
extendGap:
	MOVQ (AX)(R14*1), DX
	XORQ (BX)(R14*1), DX
	JNZ gotGap
	ADDQ $8, R14
	CMPL R14, $const_maxMatch
	JLT extendGap
gotGap:
	TZCNTQ DX, DX
	SHRL $3, DX
	ADDL DX, R14
	MOVL $const_maxMatch, DX
	CMPL R14, DX
	CMOVLGT DX, R14
	MOVL BP, AX
	LEAQ (BP)(BP*8), BX
	LEAQ slots(BX*8), BX
	GAP(shortRepeat0, first0, literal0, short0, second0, window0, noRepeatGap)
	INCQ repeat-40(SP)
	CMPQ repeat-40(SP), $const_repeatSlots
	JLT repeatGap
	MOVQ shortest-32(SP), R14
	MOVBLZX (R8), R15
match:
	MOVL 0(R9), CX
	MOVL 4(R9), AX
	ADDQ $8, R9
	ADDL $const_offsetBias, AX
	SLOT(few)
	LEAQ (BX)(BX*8), BX
	LEAQ slots(BX*8), BX
	ORQ R13, AX
	BROADCAST
	MASK
	MOVL $const_longMatch, DX
	CMPL R14, DX
	CMOVLLT R14, DX
	NEGQ DX
	VMAXPD 136(R11)(DX*8), Y1, Y1 // without what is shorter than shortest
	VMAXPD 168(R11)(DX*8), Y2, Y2
	VPADDQ (BX), Y0, Y3
	VPADDQ 32(BX), Y0, Y4
	VMAXPD Y1, Y3, Y3
	VMAXPD Y2, Y4, Y4
	VMINPD Y3, Y10, Y10
	VMINPD Y4, Y11, Y11
	MOVL $const_longMatch, DX
	CMPL R14, DX
	CMOVLGT R14, DX
	CMPL CX, DX
	JLT matchDone
	ADDQ 64(BX), AX
	BROADCAST
	LONG(loop, last, matchDone)
	LEAL 1(CX), DX
	CMPL DX, R14
	CMOVLGT DX, R14
	DECL R15
	JNZ match

	// The gap.
	MOVL 0(R9), R14
	MOVL 4(R9), R15
	ADDQ $8, R9
	TESTL R14, R14
	JZ literal
	MOVL -12(R9), AX
	ADDL $const_offsetBias, AX
	SLOT(gapFew)
	LEAQ (BX)(BX*8), BX
	LEAQ slots(BX*8), BX
	MOVL -16(R9), CX
	GAP(shortMatch1, first1, literal1, short1, second1, window1, literal)
	// The word of the next position is the least of that in the window and the
	// literal's.
	MOVBLZX (DI), BX
	ADDQ literals(BX*8), R13
	VMOVQ X10, DX
	CMPQ DX, R13
	CMOVQCS DX, R13
	VPBLENDD $3, Y11, Y10, Y10
	VPERMQ $0x39, Y10, Y10
	VPBROADCASTQ 72(SI), Y1
	VPBLENDD $3, Y1, Y11, Y11
	VPERMQ $0x39, Y11, Y11
	ADDQ $8, SI
	INCQ DI
	ADDQ $4, R8
	INCQ R12
	CMPQ R12, end-8(SP)
	JNE position

	MOVQ R13, (SI)
stop:
	VMOVDQU Y10, 8(SI)
	VMOVDQU Y11, 40(SI)
	MOVQ s+0(FP), AX
	MOVQ SI, asmState_word(AX)
	MOVQ DI, asmState_data(AX)
	MOVQ R8, asmState_place(AX)
	MOVQ R12, asmState_i(AX)
	VZEROUPPER
	RET
