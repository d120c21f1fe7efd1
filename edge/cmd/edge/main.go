// The program fengsui-edge: the agent on a terminal and its command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/fengsui/fengsui/edge/app"
	"github.com/fengsui/fengsui/shared/version"
)

const usage = `fengsui-edge %s – agent on a terminal

  run                  run the agent
  enrol --token T      trade a one-time token for a certificate (--ca-sha256 F: fingerprint of the centre,
                       --server URL: not the configured centre, --insecure: http:// to another machine)
  config forget        drop the configuration that the centre has given and go back to the file
  profile test FILE    check the profile of a device and play its recordings to the driver
  bundle FILE ID       check a set of devices and print its part of edge.yml for the terminal ID
  version              print which program this is

run, enrol and config forget take --config FILE (default /etc/fengsui/edge.yml).
`

// gcPercent trades a little of an idle processor for the memory that a terminal is short of; GOGC overrides it.
const gcPercent = 40

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	// What the program writes is for its own user: keys, tokens, the whereabouts of people.
	syscall.Umask(0o077)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "fengsui-edge:", err)
		os.Exit(1)
	}
}

// errUsage is returned for a command line that is none of ours.
var errUsage = errors.New("unknown command; fengsui-edge help lists them")

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		_, err := fmt.Fprintf(out, usage, version.Version)
		return err
	}
	command, args := args[0], args[1:]
	if command == "profile" {
		if len(args) != 2 || args[0] != "test" {
			return errUsage
		}
		return app.TestProfile(ctx, app.Options{Out: out}, args[1])
	}
	if command == "config" {
		if len(args) == 0 || args[0] != "forget" {
			return errUsage
		}
		args = args[1:]
	}
	if command == "version" {
		return app.Version(app.Options{Out: out})
	}
	if command == "bundle" {
		if len(args) != 2 {
			return errUsage
		}
		return app.Bundle(app.Options{Out: out}, args[0], args[1])
	}
	o := app.Options{Out: out}
	set := flag.NewFlagSet("fengsui-edge "+command, flag.ContinueOnError)
	set.StringVar(&o.ConfigFile, "config", "/etc/fengsui/edge.yml", "configuration `file`")
	server := set.String("server", "", "address of the centre; empty: that of the configuration")
	token := set.String("token", "", "one-time token of the centre")
	ca := set.String("ca-sha256", "", "fingerprint of the centre's authority; the token is sent to no other centre")
	insecure := set.Bool("insecure", false, "allow http:// to another machine, and no fingerprint")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("%q is one word too many", set.Arg(0))
	}
	switch command {
	case "run":
		return app.Run(ctx, o)
	case "guard": // started by run, for a program on trial
		return app.Guard(ctx, o)
	case "enrol":
		return app.Enrol(ctx, o, app.EnrolWith{Server: *server, Token: *token, CA: *ca, Insecure: *insecure})
	case "config":
		return app.ForgetConfig(o)
	}
	return errUsage
}
