#include "textflag.h"

// At the index of its low four bits stands '"' and '\': a byte equals what it selects only if it is one
// of the two. A byte of 0x80 or above selects zero.
DATA table<>+0(SB)/8, $0xffffffffff22ffff
DATA table<>+8(SB)/8, $0xffffff5cffffffff
DATA table<>+16(SB)/8, $0xffffffffff22ffff
DATA table<>+24(SB)/8, $0xffffff5cffffffff
GLOBL table<>(SB), RODATA|NOPTR, $32

DATA control<>+0(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA control<>+8(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA control<>+16(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA control<>+24(SB)/8, $0x1f1f1f1f1f1f1f1f
GLOBL control<>(SB), RODATA|NOPTR, $32

// MASK sets a bit of out for each byte of in that is looked for.
#define MASK(in, a, b, out) \
	VPOR in, Y15, Y15 \
	VPSHUFB in, Y10, a \
	VPCMPEQB in, a, a \
	VPMINUB in, Y11, b \
	VPCMPEQB in, b, b \
	VPOR b, a, a \
	VPMOVMSKB a, out

// PUT writes the position of the lowest bit of AX and clears it. Past the last bit it writes what is overwritten later.
#define PUT(offset) \
	TZCNTQ AX, R8 \
	ADDL DX, R8 \
	MOVL R8, offset(DI) \
	BLSRQ AX, AX

#define PUT8(offset) \
	PUT(offset) \
	PUT(offset+4) \
	PUT(offset+8) \
	PUT(offset+12) \
	PUT(offset+16) \
	PUT(offset+20) \
	PUT(offset+24) \
	PUT(offset+28)

// func indexAVX2(at *uint32, line *byte, n int) (count int, high int)
TEXT ·indexAVX2(SB), NOSPLIT, $0-40
	MOVQ at+0(FP), DI
	MOVQ line+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ DI, R10
	VMOVDQU table<>(SB), Y10
	VMOVDQU control<>(SB), Y11
	VPXOR Y15, Y15, Y15
	XORQ DX, DX           // position of the block

block:
	LEAQ 64(DX), R11
	CMPQ R11, CX
	JGT last
	VMOVDQU (SI)(DX*1), Y0
	VMOVDQU 32(SI)(DX*1), Y1
	MASK(Y0, Y2, Y3, AX)
	MASK(Y1, Y4, Y5, BX)
	SHLQ $32, BX
	ORQ BX, AX

write:
	POPCNTQ AX, R9
	PUT8(0)
	CMPQ R9, $8
	JLE written
	PUT8(32)
	CMPQ R9, $16
	JLE written
	PUT8(64)
	CMPQ R9, $24
	JLE written
	PUT8(96)
	PUT8(128)
	PUT8(160)
	PUT8(192)
	PUT8(224)

written:
	LEAQ (DI)(R9*4), DI
	MOVQ R11, DX
	JMP block

last:
	// What is left is the end of the last 64 bytes; the others of those were seen before.
	CMPQ DX, CX
	JGE done
	VMOVDQU -64(SI)(CX*1), Y0
	VMOVDQU -32(SI)(CX*1), Y1
	MASK(Y0, Y2, Y3, AX)
	MASK(Y1, Y4, Y5, BX)
	SHLQ $32, BX
	ORQ BX, AX
	MOVQ CX, R9
	MOVQ R11, CX
	SUBQ R9, CX           // how many of them were seen; SHRQ takes CX
	SHRQ CX, AX
	MOVQ R9, CX
	JMP write

done:
	VPMOVMSKB Y15, AX
	VZEROUPPER
	SUBQ R10, DI
	SHRQ $2, DI
	MOVQ DI, count+24(FP)
	MOVQ AX, high+32(FP)
	RET

// func endAVX2(line *byte, n int) (at int, high int)
TEXT ·endAVX2(SB), NOSPLIT, $0-32
	MOVQ line+0(FP), SI
	MOVQ n+8(FP), CX
	VMOVDQU table<>(SB), Y10
	VMOVDQU control<>(SB), Y11
	XORQ DX, DX           // position of the block
	XORL R9, R9

block:
	LEAQ 32(DX), R11
	CMPQ R11, CX
	JGT none
	VMOVDQU (SI)(DX*1), Y0
	VPSHUFB Y0, Y10, Y2
	VPCMPEQB Y0, Y2, Y2
	VPMINUB Y0, Y11, Y3
	VPCMPEQB Y0, Y3, Y3
	VPOR Y3, Y2, Y2
	VPMOVMSKB Y2, AX
	VPMOVMSKB Y0, BX
	TESTL AX, AX
	JNE found
	ORL BX, R9
	MOVQ R11, DX
	JMP block

found:
	BLSMSKL AX, R8        // the bits up to the lowest one
	ANDL R8, BX
	ORL BX, R9
	TZCNTL AX, AX
	ADDQ AX, DX
	NOTQ DX

none:
	NOTQ DX
	VZEROUPPER
	MOVQ DX, at+16(FP)
	MOVQ R9, high+24(FP)
	RET
