package app

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/shared/geo"
)

// base is what every capability stands on.
type base struct {
	db       *store.DB
	bus      *event.Bus
	accounts *account.Service
	audit    *audit.Service
	centre   *Centre
}

// openBase opens the database and what nothing can do without. The command line uses it as well.
func openBase(ctx context.Context, cfg config.Config, c *Centre) (*base, error) {
	dsn, err := cfg.DatabaseDSN()
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Options{Driver: cfg.Database.Driver, DSN: dsn, Log: c.log})
	if err != nil {
		return nil, err
	}
	c.parts.Add("database", func(context.Context) error { return db.Close() })
	b := &base{db: db, audit: audit.New(store.NewAudit(db), db, c.log), centre: c}
	if err := b.audit.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("audit", b.audit.Stop)
	b.bus = event.NewBus(b.audit)
	kept := store.NewAccounts(db)
	if b.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: b.bus, Log: c.log}); err != nil {
		return nil, err
	}
	return b, nil
}

// devices makes the register with the centre's own certificate authority.
func (b *base) devices(cfg config.Config) (*device.Service, error) {
	ca, err := device.OpenAuthority(filepath.Join(cfg.Data, authorityName), cfg.MQTT.Names)
	if err != nil {
		return nil, err
	}
	if u := strings.TrimSuffix(cfg.HTTP.PublicURL, "/"); u != "" {
		ca.ListURL = u + api.RevokedPath
	}
	areas, err := geo.LoadAreas(cfg.Basemap)
	if err != nil {
		return nil, err
	}
	return &device.Service{Store: store.NewDevices(b.db), Tx: b.db, Events: b.bus, Log: b.centre.log, CA: ca, Areas: areas, ReleaseKey: cfg.Releases.Key}, nil
}

// firstAdministrator prints the one-time password of an empty centre.
func (b *base) firstAdministrator(ctx context.Context, cfg config.Config, out io.Writer) error {
	password, err := b.accounts.EnsureFirst(ctx, account.First{OrgName: cfg.Name, OrgNameEN: cfg.NameEN, Division: cfg.Division})
	if err != nil || password == "" {
		return err
	}
	_, err = fmt.Fprintf(out, "first administrator: username=admin password=%s\n", password)
	return err
}
