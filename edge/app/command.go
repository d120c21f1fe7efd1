package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/enrol"
	"github.com/fengsui/fengsui/shared/profile"
)

// Enrol trades a one-time token for a certificate. An empty server is the one of the configuration.
func Enrol(ctx context.Context, o Options, server, token string) error {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	if token == "" {
		return errors.New("the token is missing: --token TOKEN")
	}
	if server != "" {
		cfg.Centre.URL = server
	}
	client, err := httpClient(cfg.Centre)
	if err != nil {
		return err
	}
	id, err := enrol.Enrol(ctx, enrol.Centre{URL: cfg.Centre.URL, Client: client}, cfg.Data, token)
	if err != nil {
		return err
	}
	if id.Edge != cfg.ID {
		return fmt.Errorf("the token is for %s, but the configuration says id: %s", id.Edge, cfg.ID)
	}
	_, to, err := id.Life()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "enrolled as %s until %s, broker %s\n", id.Edge, to.Format(time.DateOnly), id.Broker)
	return err
}

// TestProfile checks a profile and says what it reads.
func TestProfile(o Options, file string) error {
	p, err := profile.Load(file)
	if err != nil {
		return err
	}
	if drivers()[p.Protocol] == nil {
		return fmt.Errorf("%s: there is no driver for %s", file, p.Protocol)
	}
	for _, s := range p.Series {
		if _, err := fmt.Fprintf(o.Out, "%-20s %s / %s, %s\n", s.Property, s.Name, s.NameEN, s.Unit); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(o.Out, "%s is sound\n", p.ID)
	return err
}
