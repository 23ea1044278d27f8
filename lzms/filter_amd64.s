//go:build !noasm && !purego

#include "textflag.h"

// FIND32 sets the bits of out for the places of 32 bytes where x86Start does
// not hold. For each place, a shuffle looks up each four bits of the three
// bytes that begin there; what is in all six sets is an instruction.
#define FIND32(data, out) \
	VMOVDQU data, Y0 \
	VMOVDQU 1+data, Y2 \
	VMOVDQU 2+data, Y4 \
	VPSRLW $4, Y0, Y1 \
	VPSRLW $4, Y2, Y3 \
	VPSRLW $4, Y4, Y5 \
	VPAND Y14, Y0, Y0 \
	VPAND Y14, Y1, Y1 \
	VPAND Y14, Y2, Y2 \
	VPAND Y14, Y3, Y3 \
	VPAND Y14, Y4, Y4 \
	VPAND Y14, Y5, Y5 \
	VPSHUFB Y0, Y8, Y0 \
	VPSHUFB Y1, Y9, Y1 \
	VPSHUFB Y2, Y10, Y2 \
	VPSHUFB Y3, Y11, Y3 \
	VPSHUFB Y4, Y12, Y4 \
	VPSHUFB Y5, Y13, Y5 \
	VPAND Y1, Y0, Y0 \
	VPAND Y3, Y2, Y2 \
	VPAND Y5, Y4, Y4 \
	VPAND Y2, Y0, Y0 \
	VPAND Y4, Y0, Y0 \
	VPCMPEQB Y15, Y0, Y0 \
	VPMOVMSKB Y0, out

// func asmFind(masks *uint64, data *byte, words int)
//
//	for i := range words {
//		masks[i] = 0
//		for j := range 64 {
//			if x86Start(data[64*i+j:]) {
//				masks[i] |= 1 << j
//			}
//		}
//	}
//
// It reads data[:64*words+2].
TEXT ·asmFind(SB), NOSPLIT, $0-24
	MOVQ masks+0(FP), DI
	MOVQ data+8(FP), SI
	MOVQ words+16(FP), CX
	LEAQ ·findTables(SB), DX
	VBROADCASTI128 0(DX), Y8
	VBROADCASTI128 16(DX), Y9
	VBROADCASTI128 32(DX), Y10
	VBROADCASTI128 48(DX), Y11
	VBROADCASTI128 64(DX), Y12
	VBROADCASTI128 80(DX), Y13
	VPCMPEQB Y14, Y14, Y14 // 0x0F in each byte
	VPABSB Y14, Y14
	VPSLLW $4, Y14, Y15
	VPSUBB Y14, Y15, Y14
	VPXOR Y15, Y15, Y15

loop:
	// No instruction where bytes 0 to 64 are all below 0x80: each has a higher
	// one among its first two.
	VMOVDQU 0(SI), Y0
	VPOR 32(SI), Y0, Y0
	VPOR 33(SI), Y0, Y0
	VPMOVMSKB Y0, AX
	TESTL AX, AX
	JZ store
	FIND32(0(SI), AX)
	FIND32(32(SI), BX)
	SHLQ $32, BX
	ORQ BX, AX
	NOTQ AX
store:
	MOVQ AX, (DI)
	ADDQ $8, DI
	ADDQ $64, SI
	DECQ CX
	JNZ loop
	VZEROUPPER
	RET
