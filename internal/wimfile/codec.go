package wimfile

// Codec is the number of a codec, as in a solid resource's header (WIM format
// sheet, section 3.3).
type Codec uint32

const (
	CodecNone   Codec = 0
	CodecXPRESS Codec = 1
	CodecLZX    Codec = 2
	CodecLZMS   Codec = 3
)

// The flags by which a file's header names its codec (WIM format sheet,
// section 1.3).
const (
	FlagXPRESS  = 0x00020000
	FlagLZX     = 0x00040000
	FlagLZMS    = 0x00080000
	FlagXPRESS2 = 0x00200000 // XPRESS as well
)
