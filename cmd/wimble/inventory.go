package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/inventory"
)

func (a *app) inventoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inventory FILE [IMAGE] | inventory FOLDER",
		Short: "Tell what is installed: updates, packages, features, drivers, apps, languages",
		Long: `Tell what is installed in an image, or in a folder with a Windows tree: updates,
packages, features, capabilities, drivers, provisioned apps and languages, and what
is pending for the next boot. Each list says which command of DISM shows the same;
--json has all that there is, with where each record comes from.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			table, err := a.updateTable()
			if err != nil {
				return err
			}
			tree, _, done, err := a.windowsTree(ctx, args)
			if err != nil {
				return err
			}
			defer done()
			found, err := inventory.Read(ctx, tree, inventory.WithTable(table))
			if err != nil {
				return err
			}
			if a.json {
				return describe.NewJSON(a.stdout).Encode(found)
			}
			return a.printInventory(found)
		},
	}
	a.jsonFlag(cmd, "print one JSON object")
	a.tableFlag(cmd.Flags())
	return cmd
}

func (a *app) printInventory(found *inventory.Inventory) error {
	for n, s := range describe.InventorySections(found) {
		title := s.Title
		if s.Count != "" {
			title += ": " + s.All()
		}
		if s.DISM != "" {
			title += " (DISM " + s.DISM + ")"
		}
		if n > 0 {
			title = "\n" + title
		}
		if _, err := fmt.Fprintln(a.stdout, title); err != nil {
			return err
		}
		if len(s.Rows) == 0 {
			continue
		}
		list := newTable(a.stdout)
		if s.Count != "" { // names and values need no head
			list.row(strings.Split(strings.ToUpper(strings.Join(s.Head, "\t")), "\t")...)
		}
		for _, row := range s.Rows {
			list.row(row...)
		}
		if err := list.flush(); err != nil {
			return err
		}
	}
	if len(found.Notes) > 0 {
		fmt.Fprintln(a.stdout, "\nNotes")
	}
	for _, note := range found.Notes {
		if _, err := fmt.Fprintln(a.stdout, describe.Printable(note)); err != nil {
			return err
		}
	}
	return nil
}
