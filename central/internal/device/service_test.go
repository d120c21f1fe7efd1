package device_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// desk is a service on a real database that notes what was published and who was disconnected.
type desk struct {
	*device.Service
	mu      sync.Mutex
	seen    []string
	greeted []string
	out     []string
}

func (d *desk) Disconnect(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out = append(d.out, id)
}

func (d *desk) events() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := strings.Join(d.seen, " ")
	d.seen = nil
	return out
}

func newDesk(t *testing.T, db *store.DB) *desk {
	t.Helper()
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{}
	bus := event.NewBus(nil)
	bus.Handle(func(_ context.Context, e event.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if e.Kind == device.EventGreeted {
			d.greeted = append(d.greeted, e.Subject)
		}
		if !e.Ephemeral {
			d.seen = append(d.seen, strings.TrimPrefix(e.Kind, "device.")+":"+e.Subject)
		}
	})
	d.Service = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, Log: slog.New(slog.DiscardHandler), CA: ca, Disconnector: d}
	return d
}

func as(division string, may ...actor.Permission) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u", Name: "王", DivisionCode: division, Permissions: may})
}

func technician(division string) context.Context {
	return as(division, actor.DeviceRead, actor.DeviceWrite)
}

// terminal holds a key as an edge does.
type terminal struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	text string
}

func csr(t *testing.T, key *ecdsa.PrivateKey) (text string, der []byte) {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{"ignored"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), der
}

func (k *terminal) take(t *testing.T, r wire.EnrolReply) {
	t.Helper()
	block, _ := pem.Decode([]byte(r.Certificate))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	k.cert, k.text = cert, r.Certificate
}

func enrol(t *testing.T, d *desk, token string) *terminal {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := csr(t, key)
	r, err := d.Enrol(context.Background(), wire.EnrolRequest{Token: token, CSR: text})
	if err != nil {
		t.Fatal(err)
	}
	k := &terminal{key: key}
	k.take(t, r)
	return k
}

func (k *terminal) renewal(t *testing.T, next *ecdsa.PrivateKey, at time.Time) wire.RenewRequest {
	t.Helper()
	text, der := csr(t, next)
	sum := sha256.Sum256(append(der, strconv.FormatInt(at.UnixMilli(), 10)...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return wire.RenewRequest{Certificate: k.text, CSR: text, At: at.UnixMilli(), Signature: base64.StdEncoding.EncodeToString(sig)}
}

func kind(t *testing.T, what string, err error, want errs.Kind) {
	t.Helper()
	if err == nil || errs.KindOf(err) != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

func TestEnrolRenewRevoke(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := technician("320600")
		added, err := d.Create(ctx, device.New{ID: "edge-a", Kind: device.Edge, Name: "如东终端", Division: "320623"})
		if err != nil {
			t.Fatal(err)
		}
		first := enrol(t, d, added.Enrol.Token)
		if first.cert.Subject.CommonName != "edge-a" || len(first.cert.DNSNames) != 0 {
			t.Errorf("certificate names %q %v", first.cert.Subject, first.cert.DNSNames)
		}
		text, _ := csr(t, first.key)
		_, err = d.Enrol(context.Background(), wire.EnrolRequest{Token: added.Enrol.Token, CSR: text})
		kind(t, "token used twice", err, errs.Unauthenticated)
		if id, err := d.AuthCertificate(context.Background(), first.cert); err != nil || id != "edge-a" {
			t.Fatalf("got %q, %v", id, err)
		}

		next, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		for name, q := range map[string]func() wire.RenewRequest{
			"old clock": func() wire.RenewRequest { return first.renewal(t, next, time.Now().Add(-6*time.Minute)) },
			"other request": func() wire.RenewRequest {
				q := first.renewal(t, next, time.Now())
				q.CSR, _ = csr(t, first.key)
				return q
			},
			"other key": func() wire.RenewRequest {
				return (&terminal{key: next, text: first.text}).renewal(t, next, time.Now())
			},
			"no certificate": func() wire.RenewRequest { q := first.renewal(t, next, time.Now()); q.Certificate = ""; return q },
		} {
			_, err := d.Renew(context.Background(), q())
			kind(t, "renew with "+name, err, errs.Unauthenticated)
		}
		r, err := d.Renew(context.Background(), first.renewal(t, next, time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		second := &terminal{key: next}
		second.take(t, r)
		if _, err := d.AuthCertificate(context.Background(), first.cert); err != nil {
			t.Errorf("old certificate before the new one was used: %v", err)
		}
		if _, err := d.AuthCertificate(context.Background(), second.cert); err != nil {
			t.Fatal(err)
		}
		_, err = d.AuthCertificate(context.Background(), first.cert)
		kind(t, "old certificate after the new one was used", err, errs.Unauthenticated)

		if _, err := d.Revoke(ctx, "edge-a"); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(d.out); got != "[edge-a edge-a]" { // enrolled anew, revoked
			t.Errorf("disconnected %s", got)
		}
		_, err = d.AuthCertificate(context.Background(), second.cert)
		kind(t, "revoked certificate", err, errs.Unauthenticated)
		_, err = d.Renew(context.Background(), second.renewal(t, next, time.Now()))
		kind(t, "renewal of a revoked certificate", err, errs.Unauthenticated)
		if got, _ := d.Get(ctx, "edge-a"); got.State != device.Revoked || got.Cert == nil || got.Cert.RevokedAt == nil {
			t.Errorf("revoked edge shows %+v %+v", got, got.Cert)
		}
		again, err := d.NewEnrolment(ctx, "edge-a", 0)
		if err != nil {
			t.Fatal(err)
		}
		third := enrol(t, d, again.Token)
		if _, err := d.AuthCertificate(context.Background(), third.cert); err != nil {
			t.Errorf("after enrolment anew: %v", err)
		}
		if got, want := d.events(), "created:edge-a enrolled:edge-a enrolled:edge-a revoked:edge-a token_made:edge-a enrolled:edge-a"; got != want {
			t.Errorf("events %q, want %q", got, want)
		}
	})
}

func TestARenewalThatIsSentAgainChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		added, err := d.Create(technician("320600"), device.New{ID: "edge-a", Kind: device.Edge})
		if err != nil {
			t.Fatal(err)
		}
		first := enrol(t, d, added.Enrol.Token)
		key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		q := first.renewal(t, key, time.Now())
		given, err := d.Renew(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		second := &terminal{key: key}
		second.take(t, given)
		d.events()
		again, err := d.Renew(context.Background(), q)
		if err != nil || again.Certificate != given.Certificate {
			t.Errorf("the same request got another certificate: %v", err)
		}
		if got := d.events(); got != "" {
			t.Errorf("the same request made events: %s", got)
		}
		for name, cert := range map[string]*x509.Certificate{"the old one": first.cert, "the new one": second.cert} {
			issued, err := store.NewDevices(db).Certificate(context.Background(), fmt.Sprintf("%032x", cert.SerialNumber))
			if err != nil || !issued.Valid(cert.NotAfter.Add(-time.Minute)) {
				t.Errorf("%s is shortened: %+v, %v", name, issued, err)
			}
		}
		if _, err := d.AuthCertificate(context.Background(), second.cert); err != nil {
			t.Errorf("the certificate that the terminal holds: %v", err)
		}
		_, err = d.Renew(context.Background(), q)
		kind(t, "the same request after the new certificate was used", err, errs.Unauthenticated)
	})
}

func TestOneTimeTokenSaysWhatBecameOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d, ctx := newDesk(t, db), technician("320600")
		for _, life := range []time.Duration{time.Hour, 8 * 24 * time.Hour, -time.Hour} {
			_, err := d.Create(ctx, device.New{ID: "edge-x", Kind: device.Edge, Life: life})
			kind(t, "a life of "+life.String(), err, errs.Invalid)
		}
		added, err := d.Create(ctx, device.New{ID: "edge-a", Kind: device.Edge})
		if err != nil {
			t.Fatal(err)
		}
		is := func(want device.PassState) device.Pass {
			t.Helper()
			got, err := d.Pass(ctx, "edge-a")
			if err != nil || got.State != want {
				t.Errorf("got %+v, %v, want %s", got, err, want)
			}
			return got
		}
		refused := func(token, why string) {
			t.Helper()
			key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			text, _ := csr(t, key)
			_, err := d.Enrol(context.Background(), wire.EnrolRequest{Token: token, CSR: text})
			kind(t, why, err, errs.Unauthenticated)
			if err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "make a new command") {
				t.Errorf("got %v, want %q", err, why)
			}
		}
		first := is(device.PassGood)
		week, err := d.NewEnrolment(ctx, "edge-a", 7*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if second := is(device.PassGood); second.ExpiresAt.Sub(*first.ExpiresAt) < 5*24*time.Hour || !second.ExpiresAt.Equal(week.Expires) {
			t.Errorf("a week: %+v after %+v", second, first)
		}
		refused(added.Enrol.Token, "taken back or replaced at")
		refused("0123", "unknown")
		enrol(t, d, week.Token)
		if got := is(device.PassUsed); got.UsedAt == nil {
			t.Errorf("%+v", got)
		}
		refused(week.Token, "was used at")
		_, err = d.EndEnrolment(ctx, "edge-a")
		kind(t, "take back what was used", err, errs.Conflict)
		third, err := d.NewEnrolment(ctx, "edge-a", 0)
		if err != nil {
			t.Fatal(err)
		}
		d.events()
		if got, err := d.EndEnrolment(ctx, "edge-a"); err != nil || got.State != device.PassEnded || d.events() != "token_ended:edge-a" {
			t.Errorf("%+v, %v", got, err)
		}
		refused(third.Token, "taken back or replaced at")
		for who, ctx := range map[string]context.Context{"a neighbour": technician("320681"), "a reader": as("320600", actor.DeviceRead)} {
			if _, err := d.Pass(ctx, "edge-a"); err == nil {
				t.Errorf("%s sees the ticket", who)
			}
			if _, err := d.EndEnrolment(ctx, "edge-a"); err == nil {
				t.Errorf("%s ends the ticket", who)
			}
		}
	})
}

func TestEnrolmentTokenEndsWithItsTimeAndWithTheNextOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s, now := context.Background(), store.NewDevices(db), time.Now().UTC()
		if err := s.Add(ctx, device.Record{Device: device.Device{ID: "e", Kind: device.Edge, Name: "e", CreatedAt: now, UpdatedAt: now}}); err != nil {
			t.Fatal(err)
		}
		for i, hash := range []string{"one", "two"} {
			if err := s.AddEnrolment(ctx, "e", hash, now.Add(time.Duration(i)), now.Add(24*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		_, err := s.UseEnrolment(ctx, "one", now)
		kind(t, "replaced token", err, errs.NotFound)
		_, err = s.UseEnrolment(ctx, "two", now.Add(25*time.Hour))
		kind(t, "token after its time", err, errs.NotFound)
		if n, err := s.EndEnrolments(ctx, "e", now.Add(25*time.Hour)); err != nil || n != 0 {
			t.Errorf("ended after its time: %d, %v", n, err)
		}
		if id, err := s.UseEnrolment(ctx, "two", now.Add(23*time.Hour)); err != nil || id != "e" {
			t.Errorf("token within its time: %q, %v", id, err)
		}
	})
}

func TestATerminalStandsInTheDivisionOfItsConfiguration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		for _, c := range []struct{ id, given, said, want string }{
			{"edge-province", "", "320623", "320623"},
			{"edge-city", "320600", "320623", "320623"},
			{"edge-other", "320681", "320623", "320681"},
			{"edge-wider", "320623", "320600", "320623"},
			{"edge-silent", "320623", "", "320623"},
			{"edge-nonsense", "320600", "Rudong", "320600"},
		} {
			if _, err := d.Create(as("320000", actor.DeviceRead, actor.DeviceWrite), device.New{ID: c.id, Kind: device.Edge, Division: c.given}); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Hello(context.Background(), c.id, wire.Hello{Version: 1, Time: time.Now().UnixMilli(), Division: c.said}); err != nil {
				t.Fatal(err)
			}
			if got, ok := d.Visible(actor.WithSystem(context.Background(), "test"), c.id); !ok || got.Division != c.want {
				t.Errorf("%s stands in %q, want %q", c.id, got.Division, c.want)
			}
		}
	})
}

func TestEachConnectionOfATerminalIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		if _, err := d.Create(technician("320000"), device.New{ID: "edge", Kind: device.Edge, Division: "320600"}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := d.Hello(context.Background(), "edge", hello()); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(d.greeted, []string{"edge", "edge"}) {
			t.Errorf("told of %v", d.greeted)
		}
	})
}

func hello() wire.Hello {
	return wire.Hello{
		Version: 1, Agent: "0.1.0", Boot: "b", Time: time.Now().UnixMilli(), Synced: true,
		Sensors: []wire.SensorDeclared{
			{ID: "rd-level-1", Name: "洋口水位", Class: "water_level", Place: &wire.Place{Lon: 120.9, Lat: 32.5}, Series: []wire.SeriesDeclared{{Property: "water_level", Unit: "m", Digits: 2}}},
			{ID: "qd-gps-1", Name: "theirs", Series: []wire.SeriesDeclared{{Property: "lon"}}},
		},
		Cameras: []wire.CameraDeclared{{ID: "rd-cam-1", Name: "外闸", Division: "320623101"}},
	}
}

// county registers two edges, the second with a sensor behind it.
func county(t *testing.T, db *store.DB) *desk {
	t.Helper()
	d := newDesk(t, db)
	ctx := technician("320600")
	for id, division := range map[string]string{"edge-a": "320623", "edge-b": "320681"} {
		if _, err := d.Create(ctx, device.New{ID: id, Kind: device.Edge, Division: division}); err != nil {
			t.Fatal(err)
		}
		d.Presence(context.Background(), id, true)
	}
	_, err := d.Hello(context.Background(), "edge-b", wire.Hello{Version: 1, Sensors: []wire.SensorDeclared{{ID: "qd-gps-1", Name: "车", Series: []wire.SeriesDeclared{{Property: "lon"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Hello(context.Background(), "edge-a", hello()); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestHelloRegistersWhatIsBehindAnEdgeAndNothingOfOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := county(t, db)
		ctx := technician("320600")
		level, err := d.Get(ctx, "rd-level-1")
		if err != nil || level.Parent != "edge-a" || level.Division != "320623" || len(level.Series) != 1 {
			t.Errorf("got %+v, %v", level, err)
		}
		cam, _ := d.Get(ctx, "rd-cam-1")
		if cam.Kind != device.Camera || cam.Division != "320623101" {
			t.Errorf("camera %+v", cam)
		}
		gps, _ := d.Get(ctx, "qd-gps-1")
		if gps.Parent != "edge-b" || gps.Name != "车" {
			t.Errorf("another's sensor was taken: %+v", gps)
		}
		if a, _ := d.Get(ctx, "edge-a"); a.Refused != 1 || a.Agent.Version != "0.1.0" {
			t.Errorf("edge %+v", a)
		}
		// What a person has named stays; the edge's own words go on counting for the rest.
		name := "洋口外闸水位"
		if _, err := d.Update(ctx, "rd-level-1", device.Change{Name: &name}); err != nil {
			t.Fatal(err)
		}
		h := hello()
		h.Sensors[0].Series[0].Unit = "cm"
		if _, err := d.Hello(context.Background(), "edge-a", h); err != nil {
			t.Fatal(err)
		}
		if level, _ = d.Get(ctx, "rd-level-1"); level.Name != name || level.Series[0].Unit != "cm" {
			t.Errorf("got %+v", level)
		}
		d.events()
		if _, err := d.Hello(context.Background(), "edge-a", h); err != nil || d.events() != "" {
			t.Errorf("the same greeting again changed something: %v", err)
		}
	})
}

func TestAdmitStripsWhatTheEdgeMayNotSend(t *testing.T) {
	d := county(t, storetest.SQLite(t))
	b := &wire.Batch{
		Readings: []wire.Reading{
			{Device: "rd-level-1", Property: "water_level", Value: 1},
			{Device: "rd-level-1", Property: "wave"},
			{Device: "qd-gps-1", Property: "lon"},
			{Device: "nobody", Property: "x"},
			{Device: "rd-level-1", Property: "water_level", Value: 2},
		},
		Events: []wire.Event{{ID: "1", Device: "qd-gps-1"}, {ID: "2", Device: "rd-level-1"}, {ID: "3"}, {ID: "4", Device: "edge-a"}},
	}
	if n := d.Admit(context.Background(), "edge-a", b); n != 4 {
		t.Errorf("%d refused, want 4", n)
	}
	if len(b.Readings) != 2 || b.Readings[1].Value != 2 || len(b.Events) != 3 {
		t.Errorf("left %+v %+v", b.Readings, b.Events)
	}
	if a, _ := d.Get(technician("320600"), "edge-a"); a.Refused != 5 { // one of the greeting
		t.Errorf("%d counted, want 5", a.Refused)
	}
}

func TestAnyMessageOfATerminalIsASignOfLife(t *testing.T) {
	d := county(t, storetest.SQLite(t))
	for _, b := range []wire.Batch{{}, {Backfill: true}, {Lane: wire.LaneAlarm, Events: []wire.Event{{Kind: "alarm"}}}} {
		before, _ := d.Get(technician("320600"), "edge-a")
		d.Admit(context.Background(), "edge-a", &b)
		after, _ := d.Get(technician("320600"), "edge-a")
		if !after.LastSeen.After(*before.LastSeen) || after.State != device.Online {
			t.Errorf("after %+v heard %s and %s, before %s", b, after.LastSeen, after.State, before.LastSeen)
		}
	}
	d.Presence(context.Background(), "edge-a", false)
	d.Admit(context.Background(), "edge-a", &wire.Batch{})
	if a, _ := d.Get(technician("320600"), "edge-a"); a.State != device.Offline {
		t.Errorf("a late message made the terminal %s", a.State)
	}
}

func TestStatesFollowPresenceAndReport(t *testing.T) {
	d := county(t, storetest.SQLite(t))
	ctx := technician("320600")
	expect := func(when string, edge, level device.State, text string) {
		t.Helper()
		a, _ := d.Get(ctx, "edge-a")
		l, _ := d.Get(ctx, "rd-level-1")
		if a.State != edge || l.State != level || l.Error != text {
			t.Errorf("%s: edge %s, sensor %s %q; want %s, %s %q", when, a.State, l.State, l.Error, edge, level, text)
		}
	}
	report := func(ok bool, text string) {
		t.Helper()
		st := wire.Status{State: "online", Time: time.Now().Add(3 * time.Second).UnixMilli(), Backlog: wire.Backlog{Records: 7}, Sensors: []wire.SensorState{{ID: "rd-level-1", OK: ok, Error: text}, {ID: "qd-gps-1", OK: false}}}
		if err := d.Status(context.Background(), "edge-a", st); err != nil {
			t.Fatal(err)
		}
	}
	expect("after the greeting", device.Online, device.Never, "")
	_, err := d.Reported(ctx, "edge-a")
	kind(t, "nothing reported yet", err, errs.NotFound)
	report(false, "")
	expect("not asked yet", device.Online, device.Never, "")
	report(true, "")
	expect("answering", device.Online, device.Online, "")
	report(false, "timeout")
	expect("not answering", device.Online, device.Fault, "timeout")
	if last, err := d.Reported(ctx, "edge-a"); err != nil || len(last.Status.Sensors) != 2 || last.Status.Sensors[0].Error != "timeout" {
		t.Errorf("last report %+v, %v", last, err)
	}
	_, err = d.Reported(technician("320500"), "edge-a")
	kind(t, "another's edge", err, errs.NotFound)
	if gps, _ := d.Get(ctx, "qd-gps-1"); gps.State == device.Fault {
		t.Error("another's sensor was called faulty")
	}
	if a, _ := d.Get(ctx, "edge-a"); a.Agent.Backlog.Records != 7 || a.Agent.Offset < 2000 || a.Agent.Offset > 4000 {
		t.Errorf("agent %+v", a.Agent)
	}
	d.Presence(context.Background(), "edge-a", false)
	expect("cut off", device.Offline, device.Offline, "")
	report(true, "") // a late message is no session
	expect("late report", device.Offline, device.Offline, "")
}

func TestSimpleSensorGrowsSeriesUpToALimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := technician("320600")
		added, err := d.Create(ctx, device.New{ID: "gauge", Kind: device.Sensor})
		if err != nil || added.Token == "" || added.Device.Division != "320600" {
			t.Fatalf("%+v, %v", added, err)
		}
		if err := d.AuthToken(ctx, "gauge", added.Token); err != nil {
			t.Error(err)
		}
		kind(t, "wrong token", d.AuthToken(ctx, "gauge", "x"), errs.Unauthenticated)
		kind(t, "empty token of nobody", d.AuthToken(ctx, "nobody", ""), errs.Unauthenticated)
		b := &wire.Batch{}
		for i := range 70 {
			b.Readings = append(b.Readings, wire.Reading{Device: "gauge", Property: fmt.Sprintf("p%d", i)})
		}
		n, err := d.AdmitSensor(ctx, "gauge", b)
		if err != nil || n != 6 || len(b.Readings) != 64 {
			t.Errorf("refused %d, left %d, %v", n, len(b.Readings), err)
		}
		if g, _ := d.Get(ctx, "gauge"); len(g.Series) != 64 || g.State != device.Online {
			t.Errorf("%d series, %s", len(g.Series), g.State)
		}
		token, err := d.NewToken(ctx, "gauge")
		if err != nil {
			t.Fatal(err)
		}
		kind(t, "old token", d.AuthToken(ctx, "gauge", added.Token), errs.Unauthenticated)
		if err := d.AuthToken(ctx, "gauge", token); err != nil {
			t.Error(err)
		}
		if err := d.Remove(ctx, "gauge"); err != nil {
			t.Fatal(err)
		}
		kind(t, "token of a removed sensor", d.AuthToken(ctx, "gauge", token), errs.Unauthenticated)
	})
}

func TestNobodyReachesBeyondTheirDivision(t *testing.T) {
	d := county(t, storetest.SQLite(t))
	rudong := technician("320623")
	list, err := d.List(rudong, device.Filter{}, page.Request{})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list.Items {
		if !geo.Division("320623").Covers(geo.Division(one.Division)) {
			t.Errorf("Rudong sees %s of %s", one.ID, one.Division)
		}
	}
	if len(list.Items) != 3 {
		t.Errorf("Rudong sees %d devices, want 3", len(list.Items))
	}
	other := "320681"
	_, err = d.Create(rudong, device.New{ID: "x", Kind: device.Sensor, Division: other})
	kind(t, "create elsewhere", err, errs.Denied)
	_, err = d.Update(rudong, "rd-level-1", device.Change{Division: &other})
	kind(t, "move elsewhere", err, errs.Denied)
	for what, call := range map[string]func(context.Context) error{
		"get":    func(ctx context.Context) error { _, err := d.Get(ctx, "edge-b"); return err },
		"update": func(ctx context.Context) error { _, err := d.Update(ctx, "edge-b", device.Change{}); return err },
		"revoke": func(ctx context.Context) error { _, err := d.Revoke(ctx, "edge-b"); return err },
		"enrol":  func(ctx context.Context) error { _, err := d.NewEnrolment(ctx, "edge-b", 0); return err },
		"remove": func(ctx context.Context) error { return d.Remove(ctx, "edge-b") },
	} {
		kind(t, what+" elsewhere", call(rudong), errs.NotFound)
		kind(t, what+" without login", call(context.Background()), errs.Unauthenticated)
		kind(t, what+" without permission", call(as("320600", actor.AlarmRead)), errs.Denied)
	}
}

func TestRemovedEdgeTakesItsDevicesAlongAndComesBackWithThem(t *testing.T) {
	d := county(t, storetest.SQLite(t))
	ctx := technician("320600")
	if err := d.Remove(ctx, "rd-cam-1"); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(ctx, "edge-a"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(ctx, "rd-level-1"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("got %v", err)
	}
	if _, err := d.Hello(context.Background(), "edge-a", hello()); err == nil {
		t.Error("a removed edge was greeted")
	}
	d.events()
	if _, err := d.Restore(ctx, "edge-a"); err != nil {
		t.Fatal(err)
	}
	if got := d.events(); !strings.HasPrefix(got, "restored:edge-a restored:") || strings.Contains(got, "created") {
		t.Errorf("events %q", got)
	}
	if _, err := d.NewEnrolment(ctx, "edge-a", 0); err != nil {
		t.Fatal(err)
	}
	if got := d.events(); got != "token_made:edge-a" {
		t.Errorf("events %q", got)
	}
	_, err := d.Restore(ctx, "edge-a")
	kind(t, "restored twice", err, errs.Conflict)
	if _, err := d.Get(ctx, "rd-level-1"); err != nil {
		t.Error(err)
	}
	if _, err := d.Get(ctx, "rd-cam-1"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("what was removed on its own came back: %v", err)
	}
}

func TestRunningCentreTakesOverWhatTheCommandLineChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d, cli := newDesk(t, db), newDesk(t, db)
		cli.Disconnector = nil
		ctx := technician("320600")
		running, stop := context.WithCancel(context.Background())
		over := make(chan error, 1)
		go func() { over <- d.Run(running) }()
		defer func() {
			stop()
			if err := <-over; err != nil {
				t.Error(err)
			}
		}()
		added, err := cli.Create(ctx, device.New{ID: "gauge", Kind: device.Sensor})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.AuthToken(ctx, "gauge", added.Token); err != nil {
			t.Fatal(err)
		}
		b := &wire.Batch{Readings: []wire.Reading{{Device: "gauge", Property: "level"}}}
		if n, err := d.AdmitSensor(ctx, "gauge", b); n != 0 || err != nil {
			t.Fatalf("%d refused, %v", n, err)
		}
		if _, err := cli.Revoke(ctx, "gauge"); err != nil {
			t.Fatal(err)
		}
		deadline, tick := time.After(15*time.Second), time.NewTicker(20*time.Millisecond)
		defer tick.Stop()
		for {
			d.mu.Lock()
			out := len(d.out)
			d.mu.Unlock()
			if out > 0 {
				break
			}
			select {
			case <-deadline:
				t.Fatal("the running centre did not end the session")
			case <-tick.C:
			}
		}
		if g, _ := d.Get(ctx, "gauge"); g.State != device.Revoked {
			t.Errorf("state %s", g.State)
		}
	})
}
