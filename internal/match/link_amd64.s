//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// LINK links position DX+i in both tables. The hash of 3 bytes is of v<<8,
// where v are the 4 bytes: its product is that of v, times 256.
#define LINK(i) \
	IMUL3L $const_hashFactor, i(SI)(DX*1), AX \
	SHRXL R12, AX, BX \
	SHLL $8, AX \
	SHRXL R13, AX, AX \
	LEAL i(DX), CX \
	VPINSRW $i, (R10)(BX*2), X0, X0 \
	MOVW CX, (R10)(BX*2) \
	VPINSRW $i, (R11)(AX*2), X1, X1 \
	MOVW CX, (R11)(AX*2)

// func asmLink(s *linkState)
//
// What takes the time is stores to different lines of the cache, one in a
// cycle. So the links of 8 positions are gathered, X0 those of 4 bytes and X1
// those of 3, and two stores in a position are left, those to the hash tables.
TEXT ·asmLink(SB), NOSPLIT, $0-8
	MOVQ s+0(FP), DI
	MOVQ linkState_data(DI), SI
	MOVQ linkState_link4(DI), R8
	MOVQ linkState_link3(DI), R9
	MOVQ linkState_head4(DI), R10
	MOVQ linkState_head3(DI), R11
	MOVQ linkState_shift4(DI), R12
	MOVQ linkState_shift3(DI), R13
	MOVQ linkState_pos(DI), DX
	MOVQ linkState_end(DI), DI

positions:
	LINK(0)
	LINK(1)
	LINK(2)
	LINK(3)
	LINK(4)
	LINK(5)
	LINK(6)
	LINK(7)
	VMOVDQU X0, (R8)(DX*2)
	VMOVDQU X1, (R9)(DX*2)
	ADDQ $8, DX
	CMPQ DX, DI
	JCS positions
	RET
