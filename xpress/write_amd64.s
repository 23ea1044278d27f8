//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// asmGather is the loop of gatherPlain in registers:
//
//	SI  the next item    DI  stop          R8  &entries[0]
//	R9  &units[full]     R10 &units[0]     R11 the next of longs
//	R12 buf              R13 n
//	AX  the footer       BX  the bits of an entry   CX  the symbol
//	DX  the entry
//
// func asmGather(s *gatherState)
TEXT ·asmGather(SB), NOSPLIT, $0-8
	MOVQ s+0(FP), AX
	MOVQ gatherState_items(AX), SI
	MOVQ gatherState_stop(AX), DI
	MOVQ gatherState_entries(AX), R8
	MOVQ gatherState_next(AX), R9
	MOVQ gatherState_units(AX), R10
	MOVQ gatherState_longs(AX), R11
	MOVQ gatherState_buf(AX), R12
	MOVQ gatherState_n(AX), R13

next:
	MOVL (SI), AX
	ADDQ $4, SI
	MOVL AX, CX
	ANDL $(const_numSymbols-1), CX
	MOVQ (R8)(CX*8), DX
	MOVBLZX DL, BX
	SHRL $const_itemFooter, AX
	NOTL CX
	TESTL $const_longItem, CX
	JEQ long

put:
	SHRQ $8, DX
	ORQ AX, DX
	ADDL BX, R13
	MOVL R13, CX
	NEGL CX
	SHLXQ CX, DX, DX
	ORQ DX, R12
	MOVQ R12, X0
	PSHUFLW $0x1B, X0, X0
	MOVQ X0, (R9)
	MOVL R13, CX
	ANDL $48, CX
	SHLXQ CX, R12, R12
	SHRL $3, CX
	ADDQ CX, R9
	ANDL $15, R13
	CMPQ SI, DI
	JCS next
	MOVQ s+0(FP), AX
	MOVQ SI, gatherState_items(AX)
	MOVQ R9, gatherState_next(AX)
	MOVQ R11, gatherState_longs(AX)
	MOVQ R12, gatherState_buf(AX)
	MOVQ R13, gatherState_n(AX)
	RET

long:
	NOTL CX
	SHRL $4, CX
	ANDL $15, CX
	NEGL CX
	ADDL BX, CX
	ADDL R13, CX
	MOVQ R9, R14
	SUBQ R10, R14
	LEAL 15(CX)(R14*8), CX
	SHRL $4, CX
	INCL CX
	MOVW CX, long_units(R11)
	MOVL (SI), CX
	ADDQ $4, SI
	MOVW CX, long_more(R11)
	ADDQ $long__size, R11
	JMP put
