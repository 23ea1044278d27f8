//go:build !noasm && !purego

#include "textflag.h"

// The units of 16 bytes in reverse order.
DATA reverseShuffle<>+0(SB)/8, $0x09080b0a0d0c0f0e
DATA reverseShuffle<>+8(SB)/8, $0x0100030205040706
GLOBL reverseShuffle<>(SB), RODATA, $16

// func asmReverseUnits(out, src *byte, words int)
//
//	for ; words > 0; words-- {
//		out[32*(words-1):][:32] = the units of src[:32] in reverse order
//		src = src[32:]
//	}
TEXT ·asmReverseUnits(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ words+16(FP), CX
	VBROADCASTI128 reverseShuffle<>(SB), Y1
	MOVQ CX, AX
	SHLQ $5, AX
	ADDQ AX, DI

loop:
	VMOVDQU (SI), Y0
	VPSHUFB Y1, Y0, Y0      // reverses each half,
	VPERMQ $0x4e, Y0, Y0    // and the halves change places
	SUBQ $32, DI
	VMOVDQU Y0, (DI)
	ADDQ $32, SI
	DECQ CX
	JNZ loop
	VZEROUPPER
	RET
