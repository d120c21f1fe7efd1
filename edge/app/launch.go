package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/upgrade"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/version"
)

// packageEnv tells a program in a slot where that of the package is, and which version.
const (
	packageEnv = "FENGSUI_EDGE_PACKAGE"
	versionEnv = "FENGSUI_EDGE_PACKAGE_VERSION"
)

// origin is where this process comes from.
type origin struct {
	slot    string // package, a or b
	program string // file of the package's program; empty: not known, and there is no way to another one
	version string // of it
}

// whence finds out where this process comes from.
func whence(data string) (origin, error) {
	own, err := os.Executable()
	if err != nil {
		return origin{}, fmt.Errorf("find own program: %w", err)
	}
	if filepath.Dir(own) != upgrade.Dir(data) {
		return origin{upgrade.Package, own, version.Version}, nil
	}
	return origin{filepath.Base(own), os.Getenv(packageEnv), os.Getenv(versionEnv)}, nil
}

// launch hands this process over to the program that is to run: the package's program is the one that looks.
// It returns when that is this one.
func launch(o Options) error {
	b, err := basics(o.ConfigFile)
	if err != nil {
		return nil //nolint:nilerr // the agent says what is wrong with its file
	}
	from, err := whence(b.Data)
	if err != nil {
		return err
	}
	if from.slot != upgrade.Package {
		reap()
		return nil
	}
	log := run.Logger("info", "text", o.Log)
	for {
		file, onTrial, err := choose(b.Data, log.Error)
		if err != nil || file == "" {
			return err
		}
		env := append(os.Environ(), packageEnv+"="+from.program, versionEnv+"="+from.version)
		if onTrial {
			pid, err := guard(from.program, o.ConfigFile)
			if err != nil {
				log.Error("program on trial is not guarded", "error", err)
			}
			env = append(env, fmt.Sprintf("%s=%d", guardEnv, pid))
		}
		err = syscall.Exec(file, append([]string{os.Args[0]}, os.Args[1:]...), env) //nolint:gosec // its hash was compared
		log.Error("program does not start", "file", file, "error", err)
		k, opened := upgrade.Open(b.Data, version.Version)
		if err := errors.Join(opened, k.Broken(err, time.Now())); err != nil {
			return err
		}
	}
}

// choose asks the memory of upgrades while no agent runs.
func choose(data string, say func(string, ...any)) (file string, onTrial bool, err error) {
	if _, err := os.Stat(upgrade.Dir(data)); errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	unlock, err := run.Lock(data, "agent")
	if err != nil {
		return "", false, err
	}
	defer func() { _ = unlock(context.Background()) }()
	k, err := upgrade.Open(data, version.Version)
	if err != nil {
		say("memory of upgrades is lost; the package's program runs", "error", err)
	}
	file, err = k.Choose(time.Now())
	if err != nil {
		say("program is not the one that was meant", "error", err)
	}
	_, slot, _, trying := k.Trial()
	return file, trying && filepath.Base(file) == slot, nil
}

// relaunch starts the package's program anew in place of this one, which then chooses.
func relaunch(from origin) error {
	if err := syscall.Exec(from.program, append([]string{os.Args[0]}, os.Args[1:]...), os.Environ()); err != nil { //nolint:gosec // its own package
		return fmt.Errorf("start %s anew: %w", from.program, err)
	}
	return nil
}

// basic is what must be known of edge.yml before a program is chosen.
type basic struct {
	Data    string         `yaml:"data"`
	Upgrade config.Upgrade `yaml:"upgrade"`
}

// basics reads no more of edge.yml than that: the file may have keys that only a newer program knows.
func basics(file string) (basic, error) {
	c := basic{config.Default().Data, config.Default().Upgrade}
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, &c)
	}
	if err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	if from, ok := os.LookupEnv("FENGSUI_EDGE_DATA"); ok {
		c.Data = from
	}
	if !filepath.IsAbs(c.Data) {
		c.Data = filepath.Join(filepath.Dir(file), c.Data)
	}
	c.Data, err = filepath.Abs(c.Data)
	return c, err
}
