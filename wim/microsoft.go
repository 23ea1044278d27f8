package wim

import "fmt"

// Acceptance is whether a program is known to take a file.
type Acceptance int

const (
	AcceptanceUnknown Acceptance = iota
	AcceptanceYes
	AcceptanceNo
)

// String returns "unknown", "yes" or "no".
func (a Acceptance) String() string {
	switch a {
	case AcceptanceYes:
		return "yes"
	case AcceptanceNo:
		return "no"
	}
	return "unknown"
}

// Microsoft is what is known of how Microsoft's programs take a file.
type Microsoft struct {
	DISM, Setup Acceptance
	Reason      string // why not both are [AcceptanceYes]; "" if they are
}

// Microsoft says whether DISM and Windows Setup are known to take the file:
// they read fewer codecs, chunk sizes and versions than the format has.
func (r *Reader) Microsoft() Microsoft {
	h := &r.Header
	const kib = 1 << 10
	refused := func(format string, args ...any) Microsoft {
		return Microsoft{AcceptanceNo, AcceptanceNo, fmt.Sprintf(format, args...)}
	}
	unknown := func(dism Acceptance, format string, args ...any) Microsoft {
		return Microsoft{dism, AcceptanceUnknown, fmt.Sprintf(format, args...)}
	}
	switch {
	case h.Pipable:
		return refused("wimlib's pipable files are read by wimlib alone")
	case h.Version != VersionSolid && (r.Solid() || h.Compression == CompressionLZMS):
		return unknown(AcceptanceUnknown, "LZMS and solid resources come with version 0.14, this file has another")
	case r.Solid() && h.Compression != CompressionLZMS:
		return unknown(AcceptanceUnknown, "their own solid files are all compressed with LZMS")
	case h.Compression == CompressionXPRESS && h.ChunkSize <= 16*kib:
		return unknown(AcceptanceYes, "XPRESS in chunks of %d KiB is for WIMBoot, and needs DISM of Windows 8.1 or later", h.ChunkSize/kib)
	case h.Compression == CompressionXPRESS && h.ChunkSize != 32*kib:
		return unknown(AcceptanceUnknown, "their own chunks of XPRESS have at most 32 KiB")
	case h.Compression == CompressionLZX && h.ChunkSize != 32*kib:
		return refused("they read LZX in chunks of 32 KiB only, and others can be read wrongly")
	case h.Compression == CompressionLZMS && h.ChunkSize != 128*kib:
		return refused("they read LZMS in chunks of 128 KiB only")
	case h.Compression == CompressionLZMS && !r.Solid():
		return unknown(AcceptanceYes, "LZMS without solid resources needs DISM of Windows 8.1 or later")
	case h.TotalParts == 1 && r.MissingBytes() > 0:
		return Microsoft{AcceptanceYes, AcceptanceNo, "the file seems to lack contents: Setup reads no second file"}
	}
	return Microsoft{AcceptanceYes, AcceptanceYes, ""}
}
