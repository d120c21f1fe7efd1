package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/ballast"
	"github.com/fengsui/fengsui/central/internal/board"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/diagnose"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/ingest"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/steer"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/turn"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/wall"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/run"
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
	work, err := c.maintenance(system, cfg, b, devices, book)
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
	router, pictures, err := c.video(system, cfg, b, devices, in)
	if err != nil {
		return err
	}
	outputs := output.New(output.Options{Devices: devices, Orders: devices.Orders, Events: b.bus, Journal: store.NewOutputs(b.db), Log: c.log.With("component", "output")})
	b.bus.Handle(outputs.OnEvent)
	outputs.Start(system)
	c.parts.Add("late answers of outputs", outputs.Stop)
	turned := steer.New(steer.Options{Devices: devices, Orders: devices.Orders, Events: b.bus, Log: c.log.With("component", "steer")})
	turned.Start(system)
	c.parts.Add("steering", turned.Stop)
	boards := &board.Service{Store: store.NewBoards(b.db), Tx: b.db, Devices: devices, Events: b.bus}
	walls := &wall.Service{Store: store.NewWalls(b.db), Tx: b.db, Events: b.bus}
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
	clocks, err := c.deadlines(cfg, b, rosters)
	if err != nil {
		return err
	}
	desks := c.handover(b, rosters, clocks)
	messages, err := c.notices(cfg, b, rosters, clocks)
	if err != nil {
		return err
	}
	if err := messages.Start(system); err != nil {
		return err
	}
	c.parts.Add("notices", messages.Stop)
	events, err := incidentsOf(cfg, b, devices, values, rosters, clocks)
	if err != nil {
		return err
	}
	seen := &cameras{Service: devices}
	kept, err := c.recording(system, cfg, b, devices, seen, in, router, pictures, events.incidents)
	if err != nil {
		return err
	}
	events.incidents.Media, events.reports.Pictures = media(kept), pictured(kept)
	checks := c.rollcalls(cfg, b, rosters, clocks, messages)
	checks.Start(system)
	c.parts.Add("rollcalls", checks.Stop)
	plans, err := c.plans(cfg, b, rosters, clocks)
	if err != nil {
		return err
	}
	responses := b.responses(cfg, events, plans, rosters, clocks, messages)
	said, err := b.opinions(cfg, events, clocks)
	if err != nil {
		return err
	}
	reviews := b.reviews(events, plans, responses, clocks, said, devices, values)
	sent := b.resources(cfg, events, responses, rosters, clocks, messages)
	reviews.Forces = forces(sent)
	drills, err := c.drills(system, cfg, b, events, plans, responses, messages, clocks, rosters)
	if err != nil {
		return err
	}
	papers, err := b.papers(cfg, rosters, desks, map[paper.Kind]paper.Maker{paper.Report: events.reports.Paper, paper.Bulletin: events.reports.BulletinPaper, paper.Situation: reviews.Situation, paper.Review: reviews.Paper})
	if err != nil {
		return err
	}
	clocks.Start(system)
	c.parts.Add("deadlines", clocks.Stop)
	events.reports.Start(system)
	c.parts.Add("daily reports", events.reports.Stop)
	desks.Start(system)
	c.parts.Add("handover", desks.Stop)
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
	register(server, services{b.accounts, b.audit, devices, values, pictures, outputs, configs, boards, walls, book, work, rosters, released, asked, clocks, desks, events, kept, messages})
	api.RegisterSteering(server, turned)
	if speech := c.talk(system, b, devices, router, pictures, events.incidents); speech != nil {
		rooms := c.consults(system, b, router, pictures, kept, seen, events.incidents)
		ended(system, pictures, speech.Ended, rooms.Ended)
		api.RegisterTalk(server, speech)
		api.RegisterConsults(server, rooms)
	}
	crews := c.crew(system, b, devices, in, events.incidents, kept, pictures)
	api.RegisterCrew(server, crews)
	api.RegisterPlans(server, plans)
	api.RegisterRollcalls(server, checks)
	api.RegisterPapers(server, papers)
	api.RegisterResponses(server, responses)
	api.RegisterResources(server, sent)
	if pictures != nil {
		pictures.GiveFor(belongsTo(b.accounts, events.incidents, rosters))
		api.RegisterField(server, c.field(system, b, events, crews, pictures, responses, devices, values, sent, files, cfg.Field, remote != nil))
	}
	api.RegisterReviews(server, reviews)
	api.RegisterOpinions(server, said)
	api.RegisterDrills(server, drills)
	revoked := &device.Revocations{Store: store.NewDevices(b.db), CA: devices.CA}
	if err := c.revocations(system, cfg, b, revoked); err != nil {
		return err
	}
	api.RegisterRevoked(server, revoked)
	api.RegisterLive(server, liveOf(b.bus, devices, values, pictures, kept, work))
	if err := server.Start(ctx); err != nil {
		return err
	}
	c.parts.Add("http", server.Stop)
	c.http = server.Addr().String()
	// Terminals are let in last, when everything that they reach stands.
	if err := listen(ctx); err != nil {
		return err
	}
	if err := c.serveControl(cfg.Data, orders{
		copied: func(ctx context.Context, use func(string) error) error { return copyOf(ctx, cfg, b.db, files, use) },
		imported: func(ctx context.Context, text io.Reader) (telemetry.Imported, error) {
			return values.Import(ctx, document.ReadCSV(text))
		},
	}); err != nil {
		return err
	}
	return b.firstAdministrator(system, cfg, out)
}

// relay starts the relay beside the video port; it is nil when it is switched off.
func (c *Centre) relay(ctx context.Context, cfg config.Config, router *sfu.SFU, key []byte) (video.Relay, error) {
	if cfg.Video.TURN == "" {
		return nil, nil //nolint:nilnil // switched off by configuration
	}
	_, text, err := net.SplitHostPort(router.Addr())
	if err != nil {
		return nil, fmt.Errorf("find video port: %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("find video port: %w", err)
	}
	r := turn.New(turn.Options{Log: c.log, Listen: cfg.Video.TURN, PublicIPs: cfg.Video.PublicIPs, VideoPort: port, Key: key})
	if err := r.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("relay", r.Stop)
	return r, nil
}

// video starts the forwarding of pictures; both are nil when it is switched off.
func (c *Centre) video(ctx context.Context, cfg config.Config, b *base, devices *device.Service, in *ingest.Ingest) (*sfu.SFU, *video.Service, error) {
	if cfg.Video.Listen == "" {
		return nil, nil, nil
	}
	router := sfu.New(sfu.Options{Log: c.log, Listen: cfg.Video.Listen, PublicIPs: cfg.Video.PublicIPs})
	if err := router.Start(ctx); err != nil {
		return nil, nil, err
	}
	c.parts.Add("pictures", router.Stop)
	key, err := video.LoadKey(filepath.Join(cfg.Data, "video.key"))
	if err != nil {
		return nil, nil, err
	}
	relay, err := c.relay(ctx, cfg, router, key)
	if err != nil {
		return nil, nil, err
	}
	s := video.New(video.Options{Log: c.log, Relay: relay, Router: router, Devices: devices, People: b.accounts, Commander: in, Events: b.bus, Key: key, Links: store.NewVideoLinks(b.db), Tx: b.db, Outside: devices, Smaller: smallerPicture(devices)})
	b.bus.Handle(func(ctx context.Context, e event.Event) {
		switch e.Kind {
		case account.EventDisabled, account.EventChanged, account.EventOrgChanged:
			s.Recheck(ctx)
		case account.EventPasswordReset:
			s.DropUser(e.Subject)
		case device.EventRevoked, device.EventRemoved:
			s.DropDevice(e.Subject)
		case device.EventGreeted:
			s.Greeted(e.Subject)
		case device.EventResult:
			if r, ok := e.Data.(wire.CommandResult); ok {
				s.Result(e.Subject, r)
			}
		}
	})
	if err := s.Start(ctx); err != nil {
		return nil, nil, err
	}
	c.parts.Add("video", s.Stop)
	return router, s, nil
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

// deadlines makes the clocks. Who owns some registers before they are started.
func (c *Centre) deadlines(cfg config.Config, b *base, rosters *duty.Service) (*deadline.Service, error) {
	dirs := []string{filepath.Join(cfg.FirmwareConfigs, "deadlines")}
	if cfg.Deadlines != "" {
		dirs = append(dirs, cfg.Deadlines)
	}
	book, err := deadline.LoadBook(dirs...)
	if err != nil {
		return nil, err
	}
	return deadline.New(deadline.Options{Store: store.NewDeadlines(b.db), Tx: b.db, Desks: rosters, Events: b.bus, Book: book, Reads: readers(), Log: c.log.With("component", "deadlines")}), nil
}

// handover makes the books of the desks: they follow the roster, own clocks, and write down what other rooms did.
func (c *Centre) handover(b *base, rosters *duty.Service, clocks *deadline.Service) *handover.Service {
	s := handover.New(handover.Options{
		Store: store.NewHandovers(b.db), Tx: b.db, Roster: rosters, Accounts: b.accounts, Clocks: clocks, Book: clocks.Book, Events: b.bus, Lines: linesOf(b.db).of, Log: c.log.With("component", "handover"),
	})
	clocks.On(handover.OwnerKind, s.OnHandover)
	clocks.On(handover.ItemKind, s.OnItem)
	b.bus.Handle(s.OnEvent)
	b.bus.Handle(func(_ context.Context, e event.Event) {
		if logged(e) {
			s.Heard(e)
		}
	})
	return s
}

// plans makes the register of emergency plans, which owns clocks.
func (c *Centre) plans(cfg config.Config, b *base, rosters *duty.Service, clocks *deadline.Service) (*plan.Service, error) {
	pack, err := plan.LoadPack(filepath.Join(cfg.FirmwareConfigs, "plans"))
	if err != nil {
		return nil, err
	}
	s := plan.New(plan.Options{
		Store: store.NewPlans(b.db), Tx: b.db, Accounts: b.accounts, Roster: rosters, Clocks: clocks, Events: b.bus, Pack: pack,
		Printer: document.Printer{Fonts: document.Fonts{Dir: cfg.Fonts}}, Log: c.log.With("component", "plans"),
	})
	clocks.On(plan.OwnerKind, s.OnClock)
	return s, nil
}

// papers makes the room of official documents; makers are the rooms that write some from what they have. A font that
// cannot be used stops the start, and not a signature.
func (b *base) papers(cfg config.Config, rosters *duty.Service, desks *handover.Service, makers map[paper.Kind]paper.Maker) (*paper.Service, error) {
	printer := document.Printer{Fonts: document.Fonts{Dir: cfg.Fonts}}
	if err := printer.Fonts.Check(); err != nil {
		return nil, err
	}
	return paper.New(paper.Options{
		Store: store.NewPapers(b.db), Tx: b.db, Accounts: b.accounts, Printer: printer, Duty: rosters, Desks: desks, Makers: makers, Events: b.bus,
	}), nil
}
