package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func (a *app) catCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cat FILE [IMAGE] PATH[:STREAM]",
		Short: "Write a file's bytes to standard output",
		Args:  cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			last := len(args) - 1
			_, tree, rest, err := s.imageTree(args[1:last])
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return fmt.Errorf("%s: no image is named %q", s.Name, rest[0])
			}
			at, _ := findStream(tree, args[last]) // the stream may be there although the error says it is not
			file, err := tree.OpenStream(at.path, at.stream)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = io.Copy(a.stdout, file)
			return err
		},
	}
}
