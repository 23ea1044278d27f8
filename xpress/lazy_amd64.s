//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmLazily is the loop of lazilyPlain with [match.Chains.Longest] in it, which
// see. What goes by a name there is
//
//	DI   &data[0]     SI   &link4[0]    R8   &link3[0]    R9   the next item
//	R10  pos          R11  8 bytes from pos on
//	R12  best, and the match's length   DX   its offset
//	R13  at           R14  shift        R15  depth
//	BX   the place of the best match, or -1      BP   the code
//	AX and CX are free
//
// Candidates for matches of fewer than 8 bytes are compared with R11 at once,
// and that is all there is to tell whether they are longer.

#define stop (SP)
#define size 8(SP)
#define nice 16(SP)
#define depth 24(SP)
#define half 32(SP)
#define lazy 40(SP)
#define length 48(SP) // of the match one position before, or 0 if there is none
#define offset 56(SP)
#define enough 64(SP) // the score to pass

// SCORE is AX = score(R12, DX).
#define SCORE \
	BSRQ DX, CX \
	LEAQ (R12)(R12*2), AX \
	SUBQ CX, AX

// RARER is
//	AX = min(AX, (link4[at]-shift)<<32 | shift)
#define RARER(at, shift) \
	MOVWLZX (SI)(at*2), CX \
	SUBQ shift, CX \
	SHLQ $32, CX \
	ORQ shift, CX \
	CMPQ CX, AX \
	CMOVQLT CX, AX

// LITERAL adds the one in AX.
#define LITERAL \
	INCL encoderCode_freqs(BP)(AX*4) \
	MOVL AX, (R9) \
	ADDQ $4, R9

// func asmLazily(s *lazyState)
TEXT ·asmLazily(SB), NOSPLIT, $72-8
	MOVQ s+0(FP), AX
	MOVQ lazyState_stop(AX), CX
	MOVQ CX, stop
	MOVQ lazyState_size(AX), CX
	MOVQ CX, size
	MOVQ lazyState_nice(AX), CX
	MOVQ CX, nice
	MOVQ lazyState_lazy(AX), CX
	MOVQ CX, lazy
	MOVQ lazyState_depth(AX), CX
	MOVQ CX, depth
	SHRQ $1, CX
	MOVQ CX, half
	MOVQ lazyState_data(AX), DI
	MOVQ lazyState_link4(AX), SI
	MOVQ lazyState_link3(AX), R8
	MOVQ lazyState_items(AX), R9
	MOVQ lazyState_pos(AX), R10
	MOVQ lazyState_code(AX), BP

next:
	CMPQ R10, stop
	JCC done
	MOVQ (DI)(R10*1), R11
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
	MOVQ R10, DX
	SUBQ R13, DX
	MOVL $const_minMatch, R12
	CMPQ DX, $const_farShort
	JLS matched

literal:
	MOVBLZX R11, AX
	LITERAL
	INCQ R10
	JMP next

first:
	MOVQ depth, R15
	MOVQ $0, length
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
	JMP extend

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
	MOVQ R10, DX
	SUBQ BX, DX
	MOVQ size, AX
	SUBQ R10, AX
	CMPQ R12, AX
	CMOVQHI AX, R12
	CMPQ length, $0
	JNE compare

matched:
	CMPQ R12, lazy
	JCC emit
	MOVQ size, AX
	SUBQ R10, AX
	CMPQ AX, R12 // the next position has one byte less
	JLS emit
	MOVQ R12, length
	MOVQ DX, offset
	SCORE
	ADDQ $const_oneLater, AX
	MOVQ AX, enough
	MOVQ half, R15
	MOVQ $-1, BX
	INCQ R10
	MOVQ (DI)(R10*1), R11
	DECQ R12
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
	JNE worse
	MOVQ R13, BX
	MOVQ R10, DX
	SUBQ R13, DX

compare:
	TESTQ BX, BX
	JLT worse
	SCORE
	CMPQ AX, enough
	JLE worse
	MOVBLZX -1(DI)(R10*1), AX
	LITERAL
	JMP matched

worse:
	MOVQ length, R12
	MOVQ offset, DX
	DECQ R10

emit:
	// appendMatch; the length is stored in any case, and stays if it is long.
	ADDQ R12, R10
	BSRQ DX, CX
	BTRQ CX, DX
	SHLL $const_itemFooter, DX
	SHLL $4, CX
	MOVL $const_longMatch, AX
	CMPQ R12, AX
	CMOVQCS R12, AX
	LEAL (const_numLiterals-const_minMatch)(CX)(AX*1), CX
	INCL encoderCode_freqs(BP)(CX*4)
	ORL CX, DX
	LEAL -const_minMatch(R12), CX
	MOVL DX, (R9)
	MOVL CX, 4(R9)
	XORL AX, AX
	CMPQ R12, $const_longMatch
	SETCC AX
	LEAQ 4(R9)(AX*4), R9
	CMPQ R12, $const_hugeMatch
	JCS next
	INCQ encoderCode_huge(BP)
	JMP next

done:
	MOVQ s+0(FP), AX
	MOVQ R9, lazyState_items(AX)
	MOVQ R10, lazyState_pos(AX)
	RET
