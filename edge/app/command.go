package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/fengsui/fengsui/edge/internal/budget"
	"github.com/fengsui/fengsui/edge/internal/bundle"
	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/enrol"
	"github.com/fengsui/fengsui/edge/internal/replay"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/version"
)

// EnrolWith is what a person brings from the centre. An empty Server is the one of the configuration.
// CA is the fingerprint of the centre's authority; Insecure goes without it and without TLS.
type EnrolWith struct {
	Server, Token, CA string
	Insecure          bool
}

// Enrol trades a one-time token for a certificate.
func Enrol(ctx context.Context, o Options, with EnrolWith) error {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	if with.Token == "" {
		return errors.New("the token is missing: --token TOKEN")
	}
	if with.CA == "" && !with.Insecure {
		return errors.New("the fingerprint of the centre is missing: --ca-sha256 FINGERPRINT, as the console shows it beside the token; --insecure goes without")
	}
	if with.Server != "" {
		cfg.Centre.URL = with.Server
	}
	cfg.Centre.Insecure = cfg.Centre.Insecure || with.Insecure
	if err := cfg.Centre.Safe(); err != nil {
		return fmt.Errorf("enrol: %w", err)
	}
	client, err := httpClient(cfg.Centre, nil, budget.Video)
	if err != nil {
		return err
	}
	id, err := enrol.Enrol(ctx, enrol.Centre{URL: cfg.Centre.URL, Client: client}, cfg.Data, enrol.Ticket{Edge: cfg.ID, Token: with.Token, CA: with.CA})
	if err != nil {
		return err
	}
	_, to, err := id.Life()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "enrolled as %s until %s, broker %s\n", id.Edge, to.Format(time.DateOnly), id.Broker)
	return err
}

// Version prints which program this is; an agent asks another one so before it tries it.
func Version(o Options) error {
	_, err := fmt.Fprintf(o.Out, "fengsui-edge %s %s floor %s %s/%s\n", version.Version, version.Commit, version.Floor, runtime.GOOS, runtime.GOARCH)
	return err
}

// TestProfile checks a profile, says what it reads and plays its recordings to the driver.
func TestProfile(ctx context.Context, o Options, file string) error {
	p, err := profile.Load(file)
	if err != nil {
		return err
	}
	open := drivers()[p.Protocol]
	if open == nil {
		return fmt.Errorf("%s: there is no driver for %s", file, p.Protocol)
	}
	for _, s := range p.Series {
		if _, err := fmt.Fprintf(o.Out, "%-20s %s / %s, %s\n", s.Property, s.Name, s.NameEN, s.Unit); err != nil {
			return err
		}
	}
	for _, out := range p.Outputs {
		if _, err := fmt.Fprintf(o.Out, "%-20s %s / %s, at most %s, safe %s\n", out.ID, out.Name, out.NameEN, time.Duration(out.MaxOn), out.Safe); err != nil {
			return err
		}
	}
	dir := replay.Dir(file, p.ID)
	cases, err := replay.Load(dir)
	if err != nil {
		return err
	}
	if len(cases) == 0 {
		return fmt.Errorf("%s: there is no test case in %s: put a *.yml there with the recording of one exchange, or the levels of the lines before and after an order; the profile lies in profiles/<class>/, its cases in testdata/%s/ beside profiles/", file, filepath.Clean(dir), p.ID)
	}
	failed := 0
	for _, c := range cases {
		word := "ok"
		if err := replay.Run(ctx, p, c, open); err != nil {
			failed++
			word = "FAILED: " + err.Error()
		}
		if _, err := fmt.Fprintf(o.Out, "%-40s %s\n", filepath.Base(c.File), word); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s: %d of %d test cases failed", file, failed, len(cases))
	}
	verified := ""
	if !p.Verified {
		verified = "; not yet verified on a real device"
	}
	_, err = fmt.Fprintf(o.Out, "%s is sound, %d test cases%s\n", p.ID, len(cases), verified)
	return err
}

// Bundle checks a bundle of devices and prints its part of edge.yml for a terminal.
func Bundle(o Options, file, terminal string) error {
	b, err := bundle.Load(file)
	if err != nil {
		return err
	}
	text, err := b.YAML(terminal)
	if err != nil {
		return err
	}
	_, err = o.Out.Write(text)
	return err
}
