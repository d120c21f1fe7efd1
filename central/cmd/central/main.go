// The program fengsui-central: the command centre and its command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/central/app"
	"github.com/fengsui/fengsui/shared/version"
)

const usage = `fengsui-central %s – emergency command centre

  serve                      run the centre
  user add NAME              add a user (--name, --role, --org, --password-file)
  user password NAME         set a one-time password and print it
  user list                  list the users
  device add ID              add a device and print its token, of an edge the command that enrols it (--kind sensor|edge, --name, --name-en, --division, --lon, --lat)
  device token ID            print a new token of a simple sensor
  device enrol ID            print a new command that enrols an edge (--hours 24 to 168)
  device revoke ID           end a device's session and its certificate
  device list                list the devices
  release key FILE           make a key that signs programs of terminals and print its public half
  release sign FILE          print the signature of a program (--version, --arch, --key)
  release add FILE           give the centre a program (--version, --arch, --key or --signature, --note, --note-en)
  release list               list the programs that the centre holds
  token create --user U      print an API token that acts as a user
  readings import FILE       take in what an earlier system measured, as CSV (device, property, at, value)
  backup FILE                write a backup of a centre, running or not (--force to replace the file)
  restore FILE               put a backup into an empty data folder (--user: its owner, when not that of the folder)
  audit head                 print the end of the audit chain, to be kept elsewhere
  audit verify [HEAD]        check the whole audit chain, and that it still holds an end that was kept
  migrate                    bring the database to this version
  openapi                    print the OpenAPI document

Every command takes --config FILE (default /etc/fengsui/central.yml).
`

func main() {
	// What the program writes is for its own user: keys, tokens, the whereabouts of people.
	syscall.Umask(0o077)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fengsui-central:", err)
		os.Exit(1)
	}
}

// errUsage is returned for a command line that is none of ours.
var errUsage = errors.New("unknown command; fengsui-central help lists them")

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		_, err := fmt.Fprintf(out, usage, version.Version)
		return err
	}
	command, args := args[0], args[1:]
	if command == "openapi" {
		text, err := app.OpenAPI()
		if err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	}
	verb := ""
	if command == "user" || command == "device" || command == "token" || command == "audit" || command == "release" || command == "readings" {
		if len(args) == 0 {
			return errUsage
		}
		verb, args = args[0], args[1:]
	}
	o, operand, err := parse(command, args)
	if err != nil {
		return err
	}
	o.Out = out
	switch command + " " + verb {
	case "serve ":
		return app.Serve(ctx, o.Options)
	case "user add":
		return app.AddUser(ctx, o.Options, operand, app.NewUser{Name: o.name, Role: o.role, Org: o.org, PasswordFile: o.passwordFile})
	case "user password":
		return app.ResetPassword(ctx, o.Options, operand)
	case "user list":
		return app.ListUsers(ctx, o.Options)
	case "device add":
		return app.AddDevice(ctx, o.Options, operand, app.NewDevice{Kind: o.kind, Name: o.name, NameEN: o.nameEN, Division: o.division, Lon: o.lon, Lat: o.lat, Demo: o.demo})
	case "device token":
		return app.SensorToken(ctx, o.Options, operand)
	case "device enrol":
		return app.EnrolToken(ctx, o.Options, operand, time.Duration(o.hours)*time.Hour)
	case "device revoke":
		return app.RevokeDevice(ctx, o.Options, operand)
	case "device list":
		return app.ListDevices(ctx, o.Options)
	case "release key":
		return app.ReleaseKey(o.Options, operand)
	case "release sign":
		return app.SignRelease(o.Options, o.program(operand))
	case "release add":
		return app.AddRelease(ctx, o.Options, o.program(operand))
	case "release list":
		return app.ListReleases(ctx, o.Options)
	case "token create":
		return app.CreateToken(ctx, o.Options, o.user)
	case "audit head":
		return app.AuditHead(ctx, o.Options)
	case "audit verify":
		return app.AuditVerify(ctx, o.Options, operand)
	case "readings import":
		return app.ImportReadings(ctx, o.Options, operand)
	case "backup ":
		return app.Backup(ctx, o.Options, app.BackupTo{File: operand, Force: o.force})
	case "restore ":
		return app.Restore(ctx, o.Options, app.RestoreFrom{File: operand, User: o.user})
	case "migrate ":
		return app.Migrate(ctx, o.Options)
	}
	return errUsage
}

// flags are all flags of all commands; each command uses its own.
type flags struct {
	app.Options
	name, nameEN, role, org, passwordFile, kind, division, user string
	lon, lat                                                    float64
	demo, force                                                 bool
	hours                                                       int
	version, arch, key, signature, note, noteEN                 string
}

func (o flags) program(file string) app.Program {
	return app.Program{File: file, Version: o.version, Arch: o.arch, KeyFile: o.key, Signature: o.signature, Note: o.note, NoteEN: o.noteEN}
}

// parse takes flags before and after the one operand.
func parse(command string, args []string) (flags, string, error) {
	var o flags
	set := flag.NewFlagSet("fengsui-central "+command, flag.ContinueOnError)
	set.StringVar(&o.ConfigFile, "config", "/etc/fengsui/central.yml", "configuration `file`")
	set.StringVar(&o.name, "name", "", "name to show")
	set.StringVar(&o.nameEN, "name-en", "", "name to show in English")
	set.StringVar(&o.role, "role", "duty", "role: admin, leader, duty, technician, auditor")
	set.StringVar(&o.org, "org", "", "organisation `id`; empty: the top")
	set.StringVar(&o.passwordFile, "password-file", "", "`file` with the password; empty: a one-time password is printed")
	set.StringVar(&o.kind, "kind", "sensor", "sensor or edge")
	set.StringVar(&o.division, "division", "", "division `code`; empty: that of the centre")
	set.StringVar(&o.user, "user", "", "username; of restore: the system's user who shall own the data folder")
	set.IntVar(&o.hours, "hours", 24, "how long a one-time command is good, 24 to 168")
	set.BoolVar(&o.force, "force", false, "replace the file")
	set.Float64Var(&o.lon, "lon", 0, "longitude, WGS 84")
	set.Float64Var(&o.lat, "lat", 0, "latitude, WGS 84")
	set.BoolVar(&o.demo, "demo", false, "a simulated device")
	set.StringVar(&o.version, "version", "", "version of a program, like 1.2.3")
	set.StringVar(&o.arch, "arch", "", "processor of a program: amd64, arm64, arm")
	set.StringVar(&o.key, "key", "", "`file` of the key that signs programs")
	set.StringVar(&o.signature, "signature", "", "signature of a program, made elsewhere")
	set.StringVar(&o.note, "note", "", "what is new, in Chinese")
	set.StringVar(&o.noteEN, "note-en", "", "what is new, in English")
	operand := ""
	for {
		if err := set.Parse(args); err != nil {
			return o, "", err
		}
		if set.NArg() == 0 {
			return o, operand, nil
		}
		if operand != "" {
			return o, "", fmt.Errorf("%q is one word too many", set.Arg(0))
		}
		operand, args = set.Arg(0), set.Args()[1:]
	}
}
