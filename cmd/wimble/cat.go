package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/wim"
)

func (a *app) catCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cat FILE IMAGE PATH[:STREAM]",
		Short: "Write a file's bytes to standard output",
		Args:  cobra.ExactArgs(3),
		RunE: func(_ *cobra.Command, args []string) error {
			_, tree, closeAll, err := a.openImage(args[0], args[1])
			if err != nil {
				return err
			}
			defer closeAll()
			file, err := openStream(tree, args[2])
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = io.Copy(a.stdout, file)
			return err
		},
	}
}

// openStream opens PATH[:STREAM]. A file with a colon in its name, which
// Windows cannot have but an image can, comes first.
func openStream(tree *wim.FS, text string) (*wim.File, error) {
	whole := imagePath(text)
	colon := strings.LastIndex(whole, ":")
	if _, err := tree.Stat(whole); err != nil && colon > 0 {
		return tree.OpenStream(whole[:colon], whole[colon+1:])
	}
	return tree.OpenStream(whole, "")
}
