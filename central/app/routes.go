package app

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/board"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/diagnose"
	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/release"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/central/internal/steer"
	"github.com/fengsui/fengsui/central/internal/talk"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/wall"
	"github.com/fengsui/fengsui/central/web"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/version"
)

// serverOf makes the server, without its routes.
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
	walls     *wall.Service
	rules     *rulebook.Service
	work      *maintenance.Service
	duty      *duty.Service
	releases  *release.Service
	diagnoses *diagnose.Service
	deadlines *deadline.Service
	handover  *handover.Service
	cases     cases
	recording *recording.Service
	notices   *notice.Service
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
	api.RegisterWalls(s, v.walls)
	api.RegisterRulebook(s, v.rules)
	api.RegisterMaintenance(s, v.work)
	api.RegisterEscalation(s, v.telemetry)
	api.RegisterDuty(s, v.duty)
	api.RegisterDeadlines(s, v.deadlines)
	api.RegisterHandover(s, v.handover)
	v.cases.register(s)
	api.RegisterNotices(s, v.notices)
	api.RegisterReleases(s, v.releases)
	api.RegisterDiagnoses(s, v.diagnoses)
	if v.video != nil {
		api.RegisterVideo(s, v.video)
	}
	if v.recording != nil {
		api.RegisterRecordings(s, v.recording)
	}
}

func liveOf(bus *event.Bus, devices *device.Service, values *telemetry.Service, pictures *video.Service, kept *recording.Service, work *maintenance.Service) api.LiveSources {
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
	if kept != nil {
		src.Unkept = kept.Full
	}
	return src
}

// OpenAPI is the document of the whole API, without starting anything.
func OpenAPI() ([]byte, error) {
	s := api.New(api.Options{})
	register(s, services{&account.Service{}, &audit.Service{}, &device.Service{}, &telemetry.Service{}, video.New(video.Options{Log: slog.New(slog.DiscardHandler)}), &output.Service{}, &fleet.Service{}, &board.Service{}, &wall.Service{}, &rulebook.Service{}, &maintenance.Service{}, &duty.Service{}, &release.Service{}, &diagnose.Service{}, &deadline.Service{}, &handover.Service{}, cases{&incident.Service{}, &intake.Service{}, &report.Service{}}, recording.New(recording.Options{}), &notice.Service{}})
	api.RegisterSteering(s, &steer.Service{})
	api.RegisterTalk(s, &talk.Service{})
	api.RegisterCrew(s, crew.New(crew.Options{}))
	api.RegisterPlans(s, &plan.Service{})
	api.RegisterRollcalls(s, &rollcall.Service{})
	api.RegisterPapers(s, &paper.Service{})
	api.RegisterResponses(s, &response.Service{})
	api.RegisterResources(s, &resource.Service{})
	api.RegisterField(s, &field.Service{})
	api.RegisterReviews(s, &review.Service{})
	api.RegisterOpinions(s, opinion.New(opinion.Options{}))
	api.RegisterDrills(s, &drill.Service{})
	api.RegisterConsults(s, &consult.Service{})
	return s.OpenAPI()
}
