package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/ballast"
	"github.com/fengsui/fengsui/central/internal/board"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/diagnose"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/ingest"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/release"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/central/internal/tsdb/influx"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/web"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

// ballastBytes are kept beside the data and let go at a start on a full disk.
const ballastBytes = 64 << 20

// build makes and starts every part, in the order in which they need each other.
func (c *Centre) build(ctx context.Context, cfg config.Config, out io.Writer) error {
	unlock, err := run.Lock(cfg.Data, "centre")
	if err != nil {
		return err
	}
	c.parts.Add("lock", unlock)
	if err := ballast.Look(cfg.Data, ballastBytes, c.log); err != nil {
		c.log.Warn("ballast is not looked after", "error", err)
	}
	if err := whole(cfg.Data); err != nil {
		return err
	}
	if err := clearUnfinished(cfg.Data); err != nil {
		return err
	}
	system := actor.WithSystem(ctx, "start")
	b, err := openBase(system, cfg, c)
	if err != nil {
		return err
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	devices, err := b.devices(cfg)
	if err != nil {
		return err
	}
	remote, err := c.influx(cfg)
	if err != nil {
		return err
	}
	files, err := c.telemetryFiles(system, cfg, store.NewHolds(b.db), remote)
	if err != nil {
		return err
	}
	book, err := b.rulebook(system, cfg, devices)
	if err != nil {
		return err
	}
	work, err := c.maintenance(system, cfg, b, devices)
	if err != nil {
		return err
	}
	values, err := c.telemetry(system, cfg, b, devices, work, files, book.Rules())
	if err != nil {
		return err
	}
	work.Rules = values
	if remote != nil {
		c.labels(system, remote, devices)
	}
	in, err := ingest.New(ingest.Options{
		Telemetry: values, Devices: devices, Metrics: metrics, Log: c.log, Apart: filepath.Join(cfg.Data, "apart"),
	})
	if err != nil {
		return err
	}
	mqtt, listen, err := c.broker(system, cfg, devices, in)
	if err != nil {
		return err
	}
	devices.Orders = &device.Orders{Commander: in}
	b.bus.Handle(devices.Orders.Answers)
	pictures, err := c.video(system, cfg, b, devices, in)
	if err != nil {
		return err
	}
	outputs := &output.Service{Devices: devices, Orders: devices.Orders, Events: b.bus, Journal: store.NewOutputs(b.db)}
	boards := &board.Service{Store: store.NewBoards(b.db), Tx: b.db, Devices: devices, Events: b.bus}
	released := b.releases(cfg, devices, in)
	b.bus.Handle(released.OnEvent)
	if err := released.Start(system); err != nil {
		return err
	}
	c.parts.Add("releases", released.Stop)
	asked := &diagnose.Service{Store: store.NewDiagnoses(b.db), Tx: b.db, Devices: devices, Orders: devices.Orders, Events: b.bus, Log: c.log.With("component", "diagnose")}
	c.parts.Add("diagnoses", asked.Stop)
	configs, err := c.fleet(system, cfg, b, devices, in, programs{released})
	if err != nil {
		return err
	}
	book.Judge, book.Terminals = values, configs
	b.bus.Handle(book.OnEvent)
	book.Start(system)
	c.parts.Add("rules", book.Stop)
	rosters := c.duty(system, b)
	still := &maintenance.Courier{Service: work, Devices: devices, Sender: in, Log: c.log.With("component", "maintenance")}
	still.Start(system)
	b.bus.Handle(still.OnEvent)
	c.parts.Add("maintenance of terminals", still.Stop)
	if cfg.Metrics.Listen != "" {
		_, stop, err := api.ServeMetrics(ctx, cfg.Metrics.Listen, metrics)
		if err != nil {
			return err
		}
		c.parts.Add("metrics", stop)
	}
	server, err := serverOf(cfg, b, metrics, map[string]func(context.Context) error{"database": b.db.Ready, "telemetry": func(context.Context) error { return files.Health().Err() }, "broker": mqtt.Ready})
	if err != nil {
		return err
	}
	register(server, services{b.accounts, b.audit, devices, values, pictures, outputs, configs, boards, book, work, rosters, released, asked})
	revoked := &device.Revocations{Store: store.NewDevices(b.db), CA: devices.CA}
	if err := c.revocations(system, cfg, b, revoked); err != nil {
		return err
	}
	api.RegisterRevoked(server, revoked)
	api.RegisterLive(server, liveOf(b.bus, devices, values, pictures, work))
	if err := server.Start(ctx); err != nil {
		return err
	}
	c.parts.Add("http", server.Stop)
	c.http = server.Addr().String()
	// Terminals are let in last, when everything that they reach stands.
	if err := listen(ctx); err != nil {
		return err
	}
	copied := func(ctx context.Context, use func(string) error) error { return copyOf(ctx, cfg, b.db, files, use) }
	if err := c.serveControl(cfg.Data, copied); err != nil {
		return err
	}
	return b.firstAdministrator(system, cfg, out)
}

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
	if b.accounts, err = account.New(store.NewAccounts(db), db, b.bus, c.log); err != nil {
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

// telemetryFiles opens the readings.
func (c *Centre) telemetryFiles(ctx context.Context, cfg config.Config, holds telemetry.HoldStore, remote *influx.Client) (*tsdb.DB, error) {
	days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	o := tsdb.Options{
		Dir: filepath.Join(cfg.Data, telemetryName), SealEvery: time.Duration(cfg.Telemetry.SealAfter) * time.Minute, Log: c.log,
		Keep: tsdb.Keep{
			Readings: days(cfg.Telemetry.KeepReadings), Rollups: days(cfg.Telemetry.KeepRollups),
			Held: func(ctx context.Context, from, to time.Time) (bool, error) {
				return telemetry.Held(ctx, holds, from, to)
			},
		},
		Reserve: int64(cfg.Telemetry.Reserve) << 20,
	}
	if remote != nil {
		o.SealEvery, o.Remote = 0, remote
	}
	db, err := tsdb.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	c.parts.Add("telemetry files", func(context.Context) error { return db.Close() })
	return db, db.Start(ctx)
}

// rulebook reads the rules that are kept, and those of the files beside them.
func (b *base) rulebook(ctx context.Context, cfg config.Config, devices *device.Service) (*rulebook.Service, error) {
	shipped, err := rule.Load(filepath.Join(cfg.FirmwareConfigs, "rules"))
	if err != nil {
		return nil, err
	}
	s, err := rulebook.New(rulebook.Options{
		Store: store.NewRulebook(b.db), Tx: b.db, Devices: devices, Events: b.bus, Division: cfg.Division, Log: b.centre.log.With("component", "rules"),
		Critical: cfg.Telemetry.MaintenanceCritical, OverrideMax: time.Duration(cfg.Telemetry.OverrideMax) * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	return s, s.Load(ctx, shipped)
}

// telemetry begins to watch the readings.
func (c *Centre) telemetry(ctx context.Context, cfg config.Config, b *base, devices *device.Service, work *maintenance.Service, db *tsdb.DB, rules []rule.Rule) (*telemetry.Service, error) {
	policy, err := telemetry.LoadPolicy(filepath.Join(cfg.FirmwareConfigs, "escalation", "default.yml"))
	if err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(actor.WithSystem(context.WithoutCancel(ctx), "devices"))
	ended := make(chan error, 1)
	go func() { ended <- devices.Run(background) }()
	c.parts.Add("devices", func(context.Context) error { stop(); return <-ended })

	s := &telemetry.Service{
		Store: db, Forward: db, Alarms: store.NewAlarms(b.db), Quarantine: store.NewQuarantine(b.db), LegalHolds: store.NewHolds(b.db), Tx: b.db,
		Devices: devices, Rules: rules, Events: b.bus, Policies: store.NewPolicies(b.db), Windows: work, Escalation: policy, Top: cfg.Division,
		ShelveMax: time.Duration(cfg.Telemetry.ShelveMax) * time.Hour,
		Log:       c.log.With("component", "telemetry"),
	}
	b.bus.Handle(s.OnEvent)
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("telemetry", s.Stop)
	return s, nil
}

// maintenance begins to watch what is being worked on; its rules are set when there are some.
func (c *Centre) maintenance(ctx context.Context, cfg config.Config, b *base, devices *device.Service) (*maintenance.Service, error) {
	s := &maintenance.Service{
		Store: store.NewMaintenance(b.db), Tx: b.db, Devices: devices, Events: b.bus,
		Limits: maintenance.Limits{
			MaxHours: cfg.Telemetry.MaintenanceMax, RepeatDays: cfg.Telemetry.MaintenanceRepeat, BreakHours: cfg.Telemetry.MaintenanceBreak, Critical: cfg.Telemetry.MaintenanceCritical,
		},
	}
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("maintenance", s.Stop)
	return s, nil
}

// video starts the forwarding of pictures; it is nil when it is switched off.
func (c *Centre) video(ctx context.Context, cfg config.Config, b *base, devices *device.Service, in *ingest.Ingest) (*video.Service, error) {
	if cfg.Video.Listen == "" {
		return nil, nil //nolint:nilnil // switched off by configuration
	}
	router := sfu.New(sfu.Options{Log: c.log, Listen: cfg.Video.Listen, PublicIPs: cfg.Video.PublicIPs})
	if err := router.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("pictures", router.Stop)
	key, err := video.LoadKey(filepath.Join(cfg.Data, "video.key"))
	if err != nil {
		return nil, err
	}
	s := video.New(video.Options{Log: c.log, Router: router, Devices: devices, People: b.accounts, Commander: in, Events: b.bus, Key: key})
	b.bus.Handle(func(ctx context.Context, e event.Event) {
		switch e.Kind {
		case account.EventDisabled, account.EventChanged, account.EventOrgChanged:
			s.Recheck(ctx)
		case account.EventPasswordReset:
			s.DropUser(e.Subject)
		case device.EventRevoked, device.EventRemoved:
			s.DropEdge(e.Subject)
		case device.EventResult:
			if r, ok := e.Data.(wire.CommandResult); ok {
				s.Result(e.Subject, r)
			}
		}
	})
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("video", s.Stop)
	return s, nil
}

// fleet begins to keep terminals and their configurations together.
func (c *Centre) fleet(ctx context.Context, cfg config.Config, b *base, devices *device.Service, in *ingest.Ingest, released fleet.Programs) (*fleet.Service, error) {
	profiles, err := profile.LoadDir(filepath.Join(cfg.FirmwareConfigs, "profiles"))
	if err != nil {
		return nil, err
	}
	s, err := fleet.New(fleet.Options{Profiles: profiles, Store: store.NewFleet(b.db), Tx: b.db, Devices: devices, Sender: in, Programs: released, Events: b.bus, Log: c.log.With("component", "fleet")})
	if err != nil {
		return nil, err
	}
	b.bus.Handle(s.OnEvent)
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("fleet", s.Stop)
	return s, nil
}

// duty lays rosters ahead and tells of hand-offs.
func (c *Centre) duty(ctx context.Context, b *base) *duty.Service {
	s := duty.New(duty.Options{Store: store.NewDuty(b.db), Tx: b.db, Accounts: b.accounts, Events: b.bus, Log: c.log.With("component", "duty")})
	s.Start(ctx)
	c.parts.Add("duty", s.Stop)
	return s
}

func serverOf(cfg config.Config, b *base, metrics *prometheus.Registry, ready map[string]func(context.Context) error) (*api.Server, error) {
	proxies, err := cfg.HTTP.Proxies()
	if err != nil {
		return nil, err
	}
	o := api.Options{
		Listen: cfg.HTTP.Listen, Proxies: proxies, PublicURL: cfg.HTTP.PublicURL, Identity: b.accounts, Basemap: cfg.Basemap,
		Metrics: metrics, Log: b.centre.log, About: about(cfg), Ready: ready,
		Console: web.FS(),
	}
	if cfg.HTTP.Cert != "" {
		pair, err := tlsconf.Pair(cfg.HTTP.Cert, cfg.HTTP.Key)
		if err != nil {
			return nil, err
		}
		o.TLS = tlsconf.Server(pair)
	}
	return api.New(o), nil
}

func about(cfg config.Config) api.About {
	return api.About{
		Name: cfg.Name, NameEN: cfg.NameEN, Version: version.Version, Demo: cfg.Demo, Division: cfg.Division, DivisionName: cfg.DivisionName,
	}
}

// services are the capabilities that have routes.
type services struct {
	accounts  *account.Service
	audit     *audit.Service
	devices   *device.Service
	telemetry *telemetry.Service
	video     *video.Service
	outputs   *output.Service
	fleet     *fleet.Service
	boards    *board.Service
	rules     *rulebook.Service
	work      *maintenance.Service
	duty      *duty.Service
	releases  *release.Service
	diagnoses *diagnose.Service
}

// register adds the routes of every capability.
func register(s *api.Server, v services) {
	api.RegisterAccounts(s, v.accounts)
	api.RegisterAudit(s, v.audit)
	api.RegisterDevices(s, v.devices)
	api.RegisterBulk(s, v.devices)
	api.RegisterEnrol(s, v.devices)
	api.RegisterTelemetry(s, v.telemetry)
	api.RegisterOutputs(s, v.outputs)
	api.RegisterFleet(s, v.fleet)
	api.RegisterBoards(s, v.boards)
	api.RegisterRulebook(s, v.rules)
	api.RegisterMaintenance(s, v.work)
	api.RegisterEscalation(s, v.telemetry)
	api.RegisterDuty(s, v.duty)
	api.RegisterReleases(s, v.releases)
	api.RegisterDiagnoses(s, v.diagnoses)
	if v.video != nil {
		api.RegisterVideo(s, v.video)
	}
}

func liveOf(bus *event.Bus, devices *device.Service, values *telemetry.Service, pictures *video.Service, work *maintenance.Service) api.LiveSources {
	src := api.LiveSources{
		Events: bus, Devices: devices.All, Latest: values.Latest,
		Alarms:  values.ActiveAlarms,
		Health:  values.Health,
		Windows: work.List,
		Streams: func(context.Context) ([]video.Stream, error) { return nil, nil },
	}
	if pictures != nil {
		src.Streams = pictures.Streams
	}
	return src
}

// OpenAPI is the document of the whole API, without starting anything.
func OpenAPI() ([]byte, error) {
	s := api.New(api.Options{})
	register(s, services{&account.Service{}, &audit.Service{}, &device.Service{}, &telemetry.Service{}, video.New(video.Options{Log: slog.New(slog.DiscardHandler)}), &output.Service{}, &fleet.Service{}, &board.Service{}, &rulebook.Service{}, &maintenance.Service{}, &duty.Service{}, &release.Service{}, &diagnose.Service{}})
	return s.OpenAPI()
}
