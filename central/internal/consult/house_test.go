package consult_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// house is a city with two counties, real pictures and sound, and a camera of one county.
type house struct {
	*consult.Service
	t                   *testing.T
	db                  *store.DB
	n                   int
	crowd               int
	recorder            consult.Recorder
	bus                 *event.Bus
	router              *sfu.SFU
	doors               consult.Router // nil: the router itself
	pictures            *video.Service
	incidents           *incident.Service
	accounts            *account.Service
	city, county, other account.Org
	system              context.Context
	// the leader of the city, an officer and the leader of the county, an officer of the other one
	mayor, officer, leader, outside context.Context
	flood                           incident.Incident
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func newHouse(t *testing.T, db *store.DB) *house {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t, db: db, system: actor.WithSystem(t.Context(), "test"), bus: event.NewBus(audit.New(store.NewAudit(db), db, log))}
	kept := store.NewAccounts(db)
	var err error
	h.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: h.bus})
	h.must(err)
	_, err = h.accounts.EnsureFirst(h.system, account.First{OrgName: "南通市", OrgNameEN: "Nantong", Division: "320600"})
	h.must(err)
	h.city, err = h.accounts.TopOrg(h.system)
	h.must(err)
	h.county, err = h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "如东县", Division: "320623"})
	h.must(err)
	h.other, err = h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "启东市", Division: "320681"})
	h.must(err)
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	h.must(err)
	desks := incident.Desks{Accounts: h.accounts}
	h.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: h.bus})
	devices := &device.Service{Store: store.NewDevices(db), Tx: db, Events: h.bus, Log: log}
	_, err = devices.CreateOutside(h.system, device.New{ID: "cam-1", Name: "洋口外闸", Division: "320623", Place: &wire.Place{Lon: 121, Lat: 32}})
	h.must(err)
	h.router = sfu.New(sfu.Options{Log: log, Listen: "127.0.0.1:0"})
	h.must(h.router.Start(t.Context()))
	h.pictures = video.New(video.Options{Log: log, Router: h.router, Devices: devices, People: h.accounts, Events: h.bus, Links: store.NewVideoLinks(db), Tx: db, Outside: devices})
	h.must(h.pictures.Start(t.Context()))
	h.serve()
	t.Cleanup(func() {
		for _, stop := range []func(context.Context) error{h.Stop, h.pictures.Stop, h.router.Stop} {
			if err := stop(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	h.mayor, h.leader = h.user("市长", h.city, account.RoleLeader), h.user("县长", h.county, account.RoleLeader)
	h.officer, h.outside = h.user("甲", h.county, account.RoleDuty), h.user("丙", h.other, account.RoleDuty)
	h.flood, err = h.incidents.Open(h.officer, incident.Draft{Title: "洋口镇圩堤渗漏", Category: "natural.flood", Place: "洋口镇", Level: 3, OccurredAt: time.Now().Add(-time.Hour), KnownAt: time.Now().Add(-50 * time.Minute)})
	h.must(err)
	return h
}

// serve begins the service, as after a start of the centre.
func (h *house) serve() {
	doors := h.doors
	if doors == nil {
		doors = h.router
	}
	s := consult.New(consult.Options{
		Store: store.NewConsults(h.db), Tx: h.db, Desks: incident.Desks{Accounts: h.accounts}, Incidents: h.incidents, People: h.accounts, Router: doors, Pictures: h.pictures, Events: h.bus, Log: slog.New(slog.DiscardHandler), Crowd: h.crowd, Recorder: h.recorder,
	})
	h.Service = s
	h.pictures.OnEnded(func(session string) { s.Ended(h.system, session) })
	s.Start(h.system)
}

func (h *house) user(name string, org account.Org, role string) context.Context {
	h.t.Helper()
	h.n++
	u, _, err := h.accounts.CreateUser(h.system, account.NewUser{Username: fmt.Sprintf("user%d", h.n), Name: name, OrgID: org.ID, Roles: []string{role}})
	h.must(err)
	return actor.With(h.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: org.Division, Permissions: account.Permissions([]string{role})})
}

// rooms is what the rooms are kept in.
func rooms(h *house) *store.Consults { return store.NewConsults(h.db) }

func id(c context.Context) string {
	a, _ := actor.From(c)
	return a.ID
}

// room is one of the county's officer.
func (h *house) room() consult.Room {
	h.t.Helper()
	r, err := h.Open(h.officer, consult.Draft{IncidentID: h.flood.ID, Title: "渗漏处置会商"})
	h.must(err)
	return r
}

// browser is somebody's tab.
type browser struct {
	pc    *webrtc.PeerConnection
	key   string
	scene consult.Scene
}

// tab makes an offer as a page does: with a seat it sends as well.
func (h *house) tab(listens bool) (*webrtc.PeerConnection, string) {
	h.t.Helper()
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	media := &webrtc.MediaEngine{}
	h.must(media.RegisterDefaultCodecs())
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	h.must(err)
	h.t.Cleanup(func() { _ = pc.Close() })
	add := func(kind webrtc.RTPCodecType, direction webrtc.RTPTransceiverDirection, times int) {
		for range times {
			_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: direction})
			h.must(err)
		}
	}
	if !listens {
		for _, c := range []webrtc.RTPCodecCapability{{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, {MimeType: webrtc.MimeTypeH264, ClockRate: 90000, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"}} {
			track, err := webrtc.NewTrackLocalStaticRTP(c, c.MimeType, "me")
			h.must(err)
			_, err = pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
			h.must(err)
		}
	}
	add(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverDirectionRecvonly, consult.Seats+1)
	add(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverDirectionRecvonly, consult.Seats)
	offer, err := pc.CreateOffer(nil)
	h.must(err)
	gathered := webrtc.GatheringCompletePromise(pc)
	h.must(pc.SetLocalDescription(offer))
	<-gathered
	return pc, pc.LocalDescription().SDP
}

// tries comes in by a new offer and waits for its connection.
func (h *house) tries(c context.Context, room, token string, e consult.Entry) (*browser, error) {
	h.t.Helper()
	pc, offer := h.tab(e.Listen)
	e.SDP = offer
	in, err := h.Enter(c, room, token, e)
	if err != nil {
		return nil, err
	}
	h.must(pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: in.SDP}))
	h.until("connected", func() bool { return pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	return &browser{pc: pc, key: e.Key, scene: in.Scene}, nil
}

func (h *house) comes(c context.Context, room, token string, e consult.Entry) *browser {
	h.t.Helper()
	b, err := h.tries(c, room, token, e)
	h.must(err)
	return b
}

// until waits for a condition.
func (h *house) until(what string, ok func() bool) {
	h.t.Helper()
	end := time.After(40 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			h.t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func (h *house) whole(room string) consult.Whole {
	h.t.Helper()
	w, err := h.Get(h.officer, room, "", "")
	h.must(err)
	return w
}

func (h *house) acts(room string) (out []string) {
	for _, l := range h.whole(room).Lines {
		out = append(out, l.Act)
	}
	return out
}

// key names a tab.
func key(name string) string { return "tab-of-" + name + "-0123456789" }
