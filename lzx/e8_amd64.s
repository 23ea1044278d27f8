//go:build !noasm && !purego

#include "go_asm.h"
#include "textflag.h"

// func asmFindOpcodes(found *uint16, data *byte, words int) int
//
//	n := 0
//	for at := 0; at < 64*words; at += 64 {
//		hits := uint64(0) // bit i is data[at+i] == e8Opcode
//		found[n], found[n+1] = the places of the first two hits
//		n += bits.OnesCount64(hits)
//		...and the places of more hits, if there are more
//	}
//
// More than two in 64 bytes are rare enough to be a branch.
TEXT ·asmFindOpcodes(SB), NOSPLIT, $0-32
	MOVQ found+0(FP), DI
	MOVQ data+8(FP), SI
	MOVQ words+16(FP), R8
	MOVL $(const_e8Opcode*0x01010101), AX
	VMOVD AX, X2
	VPBROADCASTD X2, Y2
	MOVQ DI, R9 // &found[n]
	XORL DX, DX // at

loop:
	// hits in AX
	VPCMPEQB (SI), Y2, Y0
	VPCMPEQB 32(SI), Y2, Y1
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y1, BX
	SHLQ $32, BX
	ORQ BX, AX
	POPCNTQ AX, CX
	TZCNTQ AX, BX
	ADDL DX, BX
	MOVW BX, (R9)
	BLSRQ AX, AX
	TZCNTQ AX, BX
	ADDL DX, BX
	MOVW BX, 2(R9)
	CMPL CX, $2
	JHI more
	LEAQ (R9)(CX*2), R9
next:
	ADDQ $64, SI
	ADDL $64, DX
	DECQ R8
	JNZ loop
	SUBQ DI, R9
	SHRQ $1, R9
	MOVQ R9, ret+24(FP)
	VZEROUPPER
	RET

more:
	ADDQ $4, R9
	BLSRQ AX, AX
moreLoop:
	TZCNTQ AX, BX
	ADDL DX, BX
	MOVW BX, (R9)
	ADDQ $2, R9
	BLSRQ AX, AX
	JNZ moreLoop
	JMP next
