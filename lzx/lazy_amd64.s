//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmLazily is walkPlain with bestMatch and [match.Chains.Longest] in it, which
// see. What goes by a name there is
//
//	DI   &data[0]     SI   &link4[0]    R8   &link3[0]    R9   the next item
//	R10  pos          R11  8 bytes from pos on
//	R12  best, and the match's length   DX   its offset    AX  its score
//	R13  at           R14  shift        R15  depth
//	BX   the place of the best match, or -1
//	AX, CX and DX are free in between
//
// Candidates for matches of fewer than 8 bytes are compared with R11 at once,
// and that is all there is to tell whether they are longer.

#define stop (SP)
#define size 8(SP)
#define nice 16(SP)
#define depth 24(SP)
#define counts 32(SP)
#define recent0 40(SP) // &data[0] less the offset
#define recent1 48(SP)
#define recent2 56(SP)
#define length 64(SP) // of the match one position before, or 0 if there is none
#define offset 72(SP)
#define enough 80(SP) // the score to pass
#define repeatLength 88(SP) // of the best repeat here
#define repeatSlot 96(SP)
#define repeatBits 104(SP) // its score

// JUMPREPEAT jumps when 2 bytes here are at a recent offset. Of numbers of 16
// bits, 0 alone gets negative.
#define JUMPREPEAT(to) \
	MOVWLZX R11, CX \
	MOVQ recent0, AX \
	MOVWLZX (AX)(R10*1), AX \
	MOVQ recent1, DX \
	MOVWLZX (DX)(R10*1), DX \
	MOVQ recent2, BX \
	MOVWLZX (BX)(R10*1), BX \
	XORL CX, AX \
	XORL CX, DX \
	XORL CX, BX \
	DECL AX \
	DECL DX \
	DECL BX \
	ORL DX, AX \
	ORL BX, AX \
	JLT to

// REPEAT makes that at a recent offset the best one, with its length in R12, if
// it is longer.
#define REPEAT(recent, slot, extend, differs, longer, skip) \
	MOVQ recent, DX \
	ADDQ R10, DX \
	XORL CX, CX \
	MOVQ R11, AX \
	XORQ (DX), AX \
	JNE differs \
extend: \
	ADDQ $8, CX \
	CMPQ CX, R14 \
	JCC longer \
	LEAQ (R10)(CX*1), AX \
	MOVQ (DI)(AX*1), AX \
	XORQ (DX)(CX*1), AX \
	JEQ extend \
differs: \
	TZCNTQ AX, AX \
	SHRQ $3, AX \
	ADDQ AX, CX \
longer: \
	CMPQ CX, R14 \
	CMOVQHI R14, CX \
	CMPQ CX, R12 \
	JLS skip \
	MOVQ CX, R12 \
	MOVQ $slot, repeatSlot \
skip:

// RARER is
//	AX = min(AX, (link4[at]-shift)<<32 | shift)
#define RARER(at, shift) \
	MOVWLZX (SI)(at*2), CX \
	SUBQ shift, CX \
	SHLQ $32, CX \
	ORQ shift, CX \
	CMPQ CX, AX \
	CMOVQLT CX, AX

// LITERAL writes the one in AX.
#define LITERAL \
	MOVQ counts, CX \
	INCL symbolCounts_main(CX)(AX*4) \
	SHLL $16, AX \
	INCL AX \
	MOVQ AX, (R9) \
	ADDQ $8, R9

// REST is
//	R14 = min(size-pos, maxMatch)
#define REST \
	MOVQ size, R14 \
	SUBQ R10, R14 \
	MOVL $const_maxMatch, CX \
	CMPQ R14, CX \
	CMOVQHI CX, R14

// func asmLazily(s *lazyState)
TEXT ·asmLazily(SB), NOSPLIT, $112-8
	MOVQ s+0(FP), AX
	MOVQ lazyState_stop(AX), CX
	MOVQ CX, stop
	MOVQ lazyState_size(AX), CX
	MOVQ CX, size
	MOVQ lazyState_nice(AX), CX
	MOVQ CX, nice
	MOVQ lazyState_depth(AX), CX
	MOVQ CX, depth
	MOVQ lazyState_counts(AX), CX
	MOVQ CX, counts
	MOVQ lazyState_data(AX), DI
	MOVQ DI, CX
	SUBQ lazyState_recent(AX), CX
	MOVQ CX, recent0
	MOVQ DI, CX
	SUBQ (lazyState_recent+8)(AX), CX
	MOVQ CX, recent1
	MOVQ DI, CX
	SUBQ (lazyState_recent+16)(AX), CX
	MOVQ CX, recent2
	MOVQ lazyState_link4(AX), SI
	MOVQ lazyState_link3(AX), R8
	MOVQ lazyState_items(AX), R9
	MOVQ lazyState_pos(AX), R10

next:
	CMPQ R10, stop
	JCC done
	MOVQ (DI)(R10*1), R11
	MOVQ $0, length
	MOVQ $0, repeatLength
	MOVQ $0, repeatBits
	JUMPREPEAT(repeats)
	MOVWLZX (SI)(R10*2), R13
	MOVWLZX (R8)(R10*2), AX
	CMPL R11, (DI)(R13*1)
	JEQ first
	MOVL (DI)(AX*1), CX
	XORL R11, CX
	TESTL $0xFFFFFF, CX
	JNE literal
	MOVQ AX, R13
	TESTL CX, CX
	JEQ first
	MOVL $3, R12
	MOVQ R13, BX
	JMP scored

literal:
	MOVBLZX R11, AX
	LITERAL
	INCQ R10
	JMP next

first:
	MOVQ depth, R15
	MOVL $3, R12

short:
	MOVQ (DI)(R13*1), CX
	XORQ R11, CX
	JEQ long
	TZCNTQ CX, CX
	SHRQ $3, CX
	CMPQ CX, R12
	JLS other

better:
	MOVQ CX, R12
	MOVQ R13, BX
	CMPQ R12, nice
	JCC found
	LEAQ (R10)(R12*1), AX
	CMPQ AX, size
	JCC found
	CMPQ R15, $1
	JLE found
	DECQ R15

	// rarest
	MOVWLZX (SI)(R13*2), AX
	SHLQ $32, AX
	LEAQ -4(R12), DX
	SHRQ $1, DX
	LEAQ (R13)(DX*1), R14
	RARER(R14, DX)
	LEAQ -4(R12), DX
	LEAQ (R13)(DX*1), R14
	RARER(R14, DX)
	INCQ DX
	LEAQ (R10)(DX*1), R14
	RARER(R14, DX)
	MOVQ AX, R13
	MOVL AX, R14
	SARQ $32, R13

candidate:
	TESTQ R13, R13
	JLT found
	CMPQ R12, $8
	JCS short
	LEAQ (R13)(R12*1), AX
	MOVL -3(DI)(AX*1), CX
	LEAQ (R10)(R12*1), AX
	CMPL CX, -3(DI)(AX*1)
	JNE other
	CMPQ R11, (DI)(R13*1)
	JNE other

long:
	MOVL $8, CX
	LEAQ (DI)(R13*1), DX

extend:
	LEAQ (R10)(CX*1), AX
	CMPQ AX, size
	JCC extended
	MOVQ (DI)(AX*1), AX
	XORQ (DX)(CX*1), AX
	JNE differs
	ADDQ $8, CX
	CMPQ CX, $const_maxMatch
	JCS extend
	JMP extended

differs:
	TZCNTQ AX, AX
	SHRQ $3, AX
	ADDQ AX, CX

extended:
	CMPQ CX, R12
	JHI better

other:
	CMPQ R15, $1
	JLE found
	TESTQ R13, R13
	JEQ found
	DECQ R15
	ADDQ R14, R13
	MOVWLZX (SI)(R13*2), R13
	SUBQ R14, R13
	JMP candidate

found:
	TESTQ BX, BX
	JLT repeat
	REST
	CMPQ R12, R14
	CMOVQHI R14, R12

scored:
	MOVQ R10, DX
	SUBQ BX, DX
	ADDQ $const_offsetBias, DX
	BSRQ DX, CX
	LEAQ (R12)(R12*2), AX
	ADDQ AX, AX // byteScore * R12
	SUBQ CX, AX
	SUBQ $(const_matchScore+1), AX
	CMPQ AX, repeatBits
	JGT chosen

repeat:
	MOVQ repeatLength, R12
	MOVQ repeatSlot, DX
	MOVQ repeatBits, AX
	TESTQ R12, R12
	JNE chosen
	CMPQ length, $0
	JEQ literal
	JMP worse

chosen:
	CMPQ length, $0
	JEQ matched
	CMPQ AX, enough
	JLE worse
	MOVQ AX, enough
	MOVBLZX -1(DI)(R10*1), AX
	LITERAL
	MOVQ enough, AX

matched:
	CMPQ R12, nice
	JCC emit
	MOVQ R12, length
	MOVQ DX, offset
	ADDQ $const_literalScore, AX
	MOVQ AX, enough
	INCQ R10
	MOVQ (DI)(R10*1), R11
	MOVQ $0, repeatLength
	MOVQ $0, repeatBits
	JUMPREPEAT(repeats)
	XORL R12, R12

search:
	// R12 is the length of the best repeat.
	MOVQ length, AX
	DECQ AX
	CMPQ AX, R12
	CMOVQGT AX, R12
	REST
	CMPQ R14, R12
	JLS repeat
	MOVQ depth, R15
	MOVQ $-1, BX
	CMPQ R12, $3
	JCS anew
	LEAQ -3(R12), R14
	LEAQ (R10)(R14*1), AX
	MOVWLZX (SI)(AX*2), R13
	SUBQ R14, R13
	JMP candidate

anew:
	MOVL $3, R12
	MOVWLZX (SI)(R10*2), R13
	CMPL R11, (DI)(R13*1)
	JEQ short
	MOVWLZX (R8)(R10*2), R13
	MOVL (DI)(R13*1), CX
	XORL R11, CX
	JEQ short
	TESTL $0xFFFFFF, CX
	JNE repeat
	MOVQ R13, BX
	JMP scored

repeats:
	REST
	MOVL $(const_minMatch-1), R12
	REPEAT(recent0, 0, extend0, differs0, longer0, skip0)
	REPEAT(recent1, 1, extend1, differs1, longer1, skip1)
	REPEAT(recent2, 2, extend2, differs2, longer2, skip2)
	MOVQ R12, repeatLength
	LEAQ (R12)(R12*2), AX
	ADDQ AX, AX // byteScore * R12
	SUBQ $const_repeatScore, AX
	MOVQ AX, repeatBits
	CMPQ R12, nice
	JCS search
	JMP repeat

worse:
	MOVQ length, R12
	MOVQ offset, DX
	DECQ R10

emit:
	ADDQ R12, R10
	MOVQ counts, R13
	CMPQ DX, $const_repeatSlots
	JCS swap

	// A new offset: its slot is CX.
	BSRQ DX, AX
	LEAQ -1(AX), CX
	SHRXQ CX, DX, CX
	ANDL $1, CX
	LEAQ (CX)(AX*2), CX
	MOVQ recent1, AX
	MOVQ AX, recent2
	MOVQ recent0, AX
	MOVQ AX, recent1
	MOVQ DI, AX
	SUBQ DX, AX
	ADDQ $const_offsetBias, AX
	MOVQ AX, recent0
	MOVL DX, AX
	ANDL $(const_numAlignedSymbols-1), AX
	CMPQ CX, $const_firstAligned
	CMC
	ADCL $0, symbolCounts_aligned(R13)(AX*4)
	JMP count

swap:
	MOVQ recent0, AX
	MOVQ 40(SP)(DX*8), CX
	MOVQ CX, recent0
	MOVQ AX, 40(SP)(DX*8)
	MOVL DX, CX

count:
	MOVL $const_longMatch, AX
	CMPQ R12, AX
	CMOVQCS R12, AX
	LEAL (const_numLiterals-const_minMatch)(AX)(CX*8), AX
	INCL symbolCounts_main(R13)(AX*4)
	SHLL $16, AX
	ORL R12, AX
	MOVL AX, (R9)
	MOVL DX, 4(R9)
	ADDQ $8, R9
	SUBQ $const_longMatch, R12
	JCS next
	INCL symbolCounts_length(R13)(R12*4)
	JMP next

done:
	MOVQ s+0(FP), AX
	MOVQ R9, lazyState_items(AX)
	MOVQ R10, lazyState_pos(AX)
	MOVQ DI, CX
	SUBQ recent0, CX
	MOVQ CX, lazyState_recent(AX)
	MOVQ DI, CX
	SUBQ recent1, CX
	MOVQ CX, (lazyState_recent+8)(AX)
	MOVQ DI, CX
	SUBQ recent2, CX
	MOVQ CX, (lazyState_recent+16)(AX)
	RET
