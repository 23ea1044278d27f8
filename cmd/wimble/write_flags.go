package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

// writeFlags are the flags of commands that write contents.
type writeFlags struct {
	compress   compression
	chunkSize  size
	recompress bool
	noVerify   bool
	check      bool
	checkSet   func() bool // whether --check was given
}

// add adds them to a command.
func (f *writeFlags) add(cmd *cobra.Command) {
	cmd.Flags().Var(&f.compress, "compress", "compress with `CODEC`: none, fast (XPRESS), max (LZX), or xpress or lzx with a level, as lzx:80")
	cmd.Flags().Var(&f.chunkSize, "chunk-size", "compress `SIZE` bytes together; Microsoft's programs want 32KiB, the default")
	cmd.Flags().BoolVar(&f.recompress, "recompress", false, "compress everything anew, that too which could be copied")
	f.addCopied(cmd)
}

// addCopied adds those that are about contents which are copied as they are.
func (f *writeFlags) addCopied(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.noVerify, "no-verify", false, "copy stored contents without a look at their SHA-1s")
	f.addCheck(cmd)
}

// addCheck adds --check alone.
func (f *writeFlags) addCheck(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.check, "check", false, "give the file an integrity table; --check=false takes it away")
	f.checkSet = func() bool { return cmd.Flags().Changed("check") }
}

// options are those that the flags ask for.
func (f *writeFlags) options() []wim.WriterOption {
	var opts []wim.WriterOption
	if f.compress.text != "" {
		// The codec's own chunk size, unless the flag says otherwise.
		opts = append(opts, wim.WithCompression(f.compress.codec), wim.WithLevel(f.compress.level), wim.WithChunkSize(0))
	}
	if f.chunkSize != 0 {
		opts = append(opts, wim.WithChunkSize(int(f.chunkSize)))
	}
	if f.recompress {
		opts = append(opts, wim.WithRecompression())
	}
	if f.noVerify {
		opts = append(opts, wim.WithoutVerification())
	}
	if f.checkSet() {
		opts = append(opts, wim.WithIntegrityTable(f.check))
	}
	return opts
}

// splitOptions are those that the flags ask for, for a set.
func (f *writeFlags) splitOptions() []wim.SplitOption {
	var opts []wim.SplitOption
	for _, opt := range f.options() {
		opts = append(opts, opt)
	}
	return opts
}

// compression is the value of --compress.
type compression struct {
	text  string
	codec wim.Compression
	level int // 0 for the default
}

// Set implements pflag.Value.
func (c *compression) Set(text string) error {
	name, level, leveled := strings.Cut(strings.ToLower(text), ":")
	switch name {
	case "none":
		c.codec = wim.CompressionNone
	case "fast", "xpress":
		c.codec = wim.CompressionXPRESS
	case "max", "lzx":
		c.codec = wim.CompressionLZX
	case "recovery", "lzms":
		return errors.New("LZMS cannot be written yet; max is the smallest that can")
	default:
		return errors.New("not one of none, fast, max, xpress, lzx")
	}
	if leveled {
		n, err := strconv.Atoi(level)
		if err != nil || n < 1 || n > 100 || name == "none" {
			return errors.New("a level is a number from 1 to 100, as in lzx:80")
		}
		c.level = n
	}
	c.text = text
	return nil
}

// String implements pflag.Value.
func (c *compression) String() string { return c.text }

// Type implements pflag.Value.
func (c *compression) Type() string { return "compression" }

// mostSkipped is how many entries are named that were left out.
const mostSkipped = 20

// sayWritten says what was written, what was left out, and who may not take it.
func (a *app) sayWritten(name string, report *wim.WriteReport) {
	parts := ""
	if report.Parts > 1 {
		parts = fmt.Sprintf(" in %s parts", describe.Thousands(report.Parts))
	}
	a.say("%s: %s, %s, %s copied, %s compressed; %s%s", name, describe.Count(report.Images, "image"),
		describe.Count(report.Blobs, "content"), describe.Thousands(report.Copied), describe.Thousands(report.Packed), describe.ByteSize(report.Size), parts)
	for i, s := range report.Skipped {
		if i == mostSkipped {
			a.say("left out: %s more", describe.Thousands(len(report.Skipped)-mostSkipped))
			break
		}
		a.say("left out: %s: %v", s.Path, s.Err)
	}
	if report.Excluded > 0 {
		a.say("left out: %s that the list of exclusions names", describe.Thousands(report.Excluded))
	}
	if report.Lacks > 0 {
		a.say("wimble: note: %s contents are left out, which the source lacks; it is a delta, or give what it was made against with --ref", describe.Thousands(report.Lacks))
	}
	r, err := wim.OpenReader(name)
	if err != nil {
		return
	}
	defer r.Close()
	if m := r.Microsoft(); m.Reason != "" {
		a.say("wimble: note: %s", fmt.Sprintf("DISM: %v, Setup: %v: %s", m.DISM, m.Setup, m.Reason))
	}
}
