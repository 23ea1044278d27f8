package wimtest

import (
	"encoding/hex"
	"strings"
)

// Chunks that decode to zeros, cut from files that wimlib-imagex 1.13.5
// captured of 4 MiB of zeros: what the greatest ratios that a codec allows look
// like.
var (
	// ZerosXPRESS4096 is a chunk of 4096 bytes in XPRESS.
	ZerosXPRESS4096 = unhex("01" + strings.Repeat("00", 127) + "02" + strings.Repeat("00", 6) + "20" + strings.Repeat("00", 121) + "380000fffb0f")
	// ZerosLZX32K is a chunk of 32 KiB in LZX.
	ZerosLZX32K = unhex("00300000000000000101ff07ffff00e00000000000004204cf19fbbe00e400000000000011003e0893ff8fefff37" +
		strings.Repeat("ff", 30) + "00c0")
	// ZerosLZMS1M is a chunk of 1 MiB in LZMS.
	ZerosLZMS1M = unhex("ff6bd0ff00003075ef0024c30000")
)

func unhex(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return raw
}
