package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console"
)

func (a *app) serveCommand() *cobra.Command {
	var listen, passwordFile string
	var config console.Config
	cmd := &cobra.Command{
		Use:   "serve PATH...",
		Short: "Show the packages in a browser, as JSON and by WebDAV, read-only",
		Long: `Show the WIM files that are in the PATHs (files, folders, ISO files, URLs) in a browser:
their versions and what they lack, their images and the files in them. What is replaced,
added or removed shows within two seconds. The same is at /api/ as JSON, and at /dav/ by WebDAV.
Nothing is ever changed.

Only this machine can ask, unless --listen says otherwise. Then clients have to show a
--token, or a --user with the password of --password-file. There is no encryption: a
proxy that has it, and names itself with --host, goes in front where the network is not
trusted.`,
		Args: cobra.MinimumNArgs(1),
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			return checkGuard(cmd, &config.Guard, listen, passwordFile)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if passwordFile != "" {
				password, err := readPassword(passwordFile)
				if err != nil {
					return err
				}
				config.Guard.Password = password
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			table, err := a.updateTable()
			if err != nil {
				return err
			}
			listener, err := net.Listen("tcp", listen)
			if err != nil {
				return err
			}
			defer listener.Close()
			config.Paths, config.Table, config.Media = args, table, a.headers
			server, err := console.New(config)
			if err != nil {
				return err
			}
			// Decoded chunks are most of the memory, and large: they go sooner.
			defer debug.SetGCPercent(debug.SetGCPercent(50))
			address := url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/"}
			a.say("packages: %d, at %v", server.Packages(), &address)
			return server.Serve(ctx, listener)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&listen, "listen", "127.0.0.1:8480", "listen at `ADDRESS`:PORT")
	flags.StringVar(&config.Guard.Token, "token", os.Getenv("WIMBLE_TOKEN"), "clients have to show `TOKEN`; it may be in the variable WIMBLE_TOKEN as well")
	flags.Lookup("token").DefValue = ""
	flags.StringVar(&config.Guard.User, "user", "", "clients have to log in as `USER`")
	flags.StringVar(&passwordFile, "password-file", "", "with the password in `FILE`")
	flags.StringArrayVar(&config.Guard.Hosts, "host", nil, "the server is also known as `NAME`; may be repeated")
	a.tableFlag(flags)
	return cmd
}

// minSecret is how long a token is at least.
const minSecret = 16

// checkGuard checks what says who may ask.
func checkGuard(cmd *cobra.Command, guard *console.Guard, listen, passwordFile string) error {
	if (guard.User == "") != (passwordFile == "") {
		return errors.New("--user and --password-file need each other")
	}
	if guard.User != "" {
		if cmd.Flags().Changed("token") {
			return errors.New("either --token or --user")
		}
		guard.Token = ""
	}
	if guard.Token != "" && len(guard.Token) < minSecret {
		return fmt.Errorf("the token is too short to be safe; it needs %d characters", minSecret)
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", listen, err)
	}
	if !isLoopback(host) && guard.Open() {
		return fmt.Errorf("--listen %s lets other machines ask: that needs --token, or --user and --password-file", listen)
	}
	return nil
}

// isLoopback says whether only this machine reaches what listens at the host.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// readPassword reads the first line of a file.
func readPassword(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("%s: there is no password in its first line", name)
	}
	return line, nil
}
