package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/winver"
)

func (a *app) updatesCommand() *cobra.Command {
	var version winver.Version
	var edition winver.Edition
	cmd := &cobra.Command{
		Use:   "updates VERSION",
		Short: "Tell what the table of Windows updates knows about a version",
		Long: `Tell what the table of Windows updates knows about a version such as
10.0.18362.1139 or 18362.1139: the release, the update, and what is newer.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return err
			}
			var err error
			version, err = winver.Parse(args[0])
			return err
		},
		RunE: func(*cobra.Command, []string) error {
			table, err := a.updateTable()
			if err != nil {
				return err
			}
			status := table.Status(version, edition)
			if a.json {
				return describe.NewJSON(a.stdout).Encode(status)
			}
			return a.printStatus(status)
		},
	}
	a.jsonFlag(cmd, "print one JSON object")
	cmd.Flags().StringVar(&edition.ID, "edition", "", "the edition `ID`, such as Professional or EnterpriseS")
	cmd.Flags().StringVar(&edition.InstallationType, "installation-type", "", "the installation `TYPE`, such as Client or \"Server Core\"")
	a.tableFlag(cmd.Flags())
	return cmd
}

func (a *app) tableFlag(flags *pflag.FlagSet) {
	flags.StringVar(&a.table, "table", "", "read the table of Windows updates from `FILE`; package winver documents its form")
}

// updateTable is the table that the program has, or the one of --table.
func (a *app) updateTable() (*winver.Table, error) {
	if a.table == "" {
		return winver.DefaultTable(), nil
	}
	if info, err := os.Stat(a.table); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() { // a pipe could block
		return nil, &os.PathError{Op: "open", Path: a.table, Err: errors.New("not a regular file")}
	}
	file, err := os.Open(a.table)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	table, err := winver.LoadTable(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.table, err)
	}
	return table, nil
}

// today is the day in UTC, for what is out of service.
func today() winver.Date { return winver.DateOf(time.Now().UTC()) }

func (a *app) printStatus(s winver.Status) error {
	head := newTable(a.stdout)
	head.row("Version", s.Version.String())
	if !s.Known() {
		head.row("Release", fmt.Sprintf("not in the table, which is of %v", s.AsOf))
		return head.flush()
	}
	head.row("Release", s.ReleaseName())
	head.row("Update", s.Line(today()))
	head.row("Table of", s.AsOf.String())
	if err := head.flush(); err != nil || len(s.Newer) == 0 {
		return err
	}
	fmt.Fprintln(a.stdout)
	newer := newTable(a.stdout)
	newer.row("NEWER", "KB", "RELEASED", "KIND")
	for _, u := range s.Newer {
		newer.row(u.Version.String(), u.KB.String(), u.Released.String(), u.Kind.String())
	}
	return newer.flush()
}
