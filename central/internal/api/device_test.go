package api

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/wire"
)

// technicians takes the division for the API token of a technician there.
type technicians struct{}

func (technicians) SessionActor(context.Context, string) (actor.Actor, error) {
	return actor.Actor{}, errs.E(errs.Unauthenticated, "auth.required", "no sessions here")
}

func (technicians) TokenActor(_ context.Context, token string) (actor.Actor, error) {
	return actor.Actor{Kind: actor.User, ID: token, DivisionCode: token, Permissions: []actor.Permission{actor.DeviceRead, actor.DeviceWrite}}, nil
}

// deviceServer is a server with devices only.
type deviceServer struct {
	t   *testing.T
	url string
}

func newDeviceServer(t *testing.T) deviceServer {
	t.Helper()
	db := storetest.SQLite(t)
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	svc := &device.Service{Store: store.NewDevices(db), Tx: db, Events: event.NewBus(nil), Log: slog.New(slog.DiscardHandler), CA: ca}
	svc.SetMQTTPort(8883)
	s := New(Options{Listen: "127.0.0.1:0", Identity: technicians{}})
	RegisterDevices(s, svc)
	RegisterEnrol(s, svc)
	RegisterRevoked(s, &device.Revocations{Store: svc.Store, CA: ca})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return deviceServer{t, "http://" + s.Addr().String()}
}

func (s deviceServer) call(token, method, path string, in, out any) (int, []byte) {
	s.t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			s.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/api/v1"+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if out != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(text, out); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return res.StatusCode, text
}

func TestEdgeIsRegisteredAndEnrolledOverHTTP(t *testing.T) {
	s := newDeviceServer(t)
	var added deviceAdded
	status, text := s.call("320600", "POST", "/devices", deviceNew{ID: "edge-a", Kind: device.Edge, Name: "如东终端", Division: "320623"}, &added)
	if status != http.StatusCreated || added.Enrol == nil || added.Token != "" {
		t.Fatalf("%d %s", status, text)
	}
	if want := "sudo -u fengsui-edge fengsui-edge enrol --server " + s.url + " --ca-sha256 " + added.Enrol.CA + " --token " + added.Enrol.Token; added.Enrol.Command != want {
		t.Errorf("command %q, want %q", added.Enrol.Command, want)
	}
	want := s.url + "/enrol#ca=" + added.Enrol.CA + "&edge=edge-a&token=" + added.Enrol.Token + "&until="
	if !strings.HasPrefix(added.Enrol.URL, want) || added.Enrol.Server != s.url || !slices.Equal(added.Enrol.Warnings, []string{warnLoopback}) {
		t.Errorf("%+v", added.Enrol)
	}
	var authority wire.EnrolAuthority
	if status, text := s.call("", "GET", "/enrol/ca", nil, &authority); status != http.StatusOK {
		t.Errorf("authority: %d %s", status, text)
	}
	if got, err := tlsconf.Fingerprint([]byte(authority.CA)); err != nil || got != added.Enrol.CA {
		t.Errorf("fingerprint %s, %v; want %s", got, err, added.Enrol.CA)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	csr := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	var reply wire.EnrolReply
	status, text = s.call("", "POST", "/enrol", wire.EnrolRequest{Token: added.Enrol.Token, CSR: csr}, &reply)
	if status != http.StatusOK || reply.Edge != "edge-a" || reply.MQTTPort != 8883 || reply.CA == "" {
		t.Fatalf("%d %s", status, text)
	}
	if status, text = s.call("", "POST", "/enrol", wire.EnrolRequest{Token: added.Enrol.Token, CSR: csr}, nil); status != http.StatusUnauthorized {
		t.Errorf("token used twice: %d %s", status, text)
	}
	if status, text = s.call("", "POST", "/enrol", wire.EnrolRequest{Token: "x", CSR: "rubbish"}, nil); status != http.StatusUnprocessableEntity {
		t.Errorf("rubbish: %d %s", status, text)
	}
	if status, text = s.call("", "POST", "/enrol/renew", wire.RenewRequest{Certificate: reply.Certificate, CSR: csr, Signature: "x"}, nil); status != http.StatusUnauthorized {
		t.Errorf("renewal without signature: %d %s", status, text)
	}
	var again enrolment
	if status, text = s.call("320600", "POST", "/devices/edge-a/enrol", nil, &again); status != http.StatusOK || again.Token == "" || again.Token == added.Enrol.Token {
		t.Errorf("enrol again: %d %s", status, text)
	}
	var d device.Device
	if status, text = s.call("320600", "POST", "/devices/edge-a/revoke", nil, &d); status != http.StatusOK || d.State != device.Revoked {
		t.Errorf("revoke: %d %s", status, text)
	}
}

func TestDevicesAreListedChangedExportedAndRemoved(t *testing.T) {
	s := newDeviceServer(t)
	for id, division := range map[string]string{"gauge-1": "320623", "gauge-2": "320681"} {
		var added deviceAdded
		if status, text := s.call("320600", "POST", "/devices", deviceNew{ID: id, Kind: device.Sensor, Division: division}, &added); status != http.StatusCreated || added.Token == "" {
			t.Fatalf("%d %s", status, text)
		}
	}
	var list page.List[device.Device]
	if status, text := s.call("320600", "GET", "/devices?kind=sensor&q=GAUGE&limit=1", nil, &list); status != http.StatusOK || len(list.Items) != 1 || list.Next != "gauge-1" {
		t.Errorf("%d %s", status, text)
	}
	if status, text := s.call("320623", "GET", "/devices", nil, &list); status != http.StatusOK || len(list.Items) != 1 {
		t.Errorf("Rudong: %d %s", status, text)
	}
	for _, c := range []struct {
		token, method, path string
		in                  any
		want                int
	}{
		{"", "GET", "/devices", nil, 401},
		{"320623", "GET", "/devices/gauge-2", nil, 404},
		{"320623", "DELETE", "/devices/gauge-2", nil, 404},
		{"320600", "GET", "/devices?kind=ship", nil, 422},
		{"320600", "POST", "/devices", map[string]any{"id": "Gauge 3", "kind": "sensor"}, 422},
		{"320600", "POST", "/devices", map[string]any{"id": "gauge-3", "kind": "sensor", "colour": "red"}, 422},
		{"320600", "POST", "/devices", map[string]any{"id": "gauge-1", "kind": "sensor"}, 409},
		{"320623", "POST", "/devices", map[string]any{"id": "gauge-3", "kind": "sensor", "division": "320681"}, 403},
		{"320600", "POST", "/devices/gauge-1/enrol", nil, 422},
		{"320600", "PATCH", "/devices/gauge-1", map[string]any{"place": map[string]any{"lon": 999, "lat": 0}}, 422},
	} {
		if status, text := s.call(c.token, c.method, c.path, c.in, nil); status != c.want {
			t.Errorf("%s %s as %q: %d, want %d: %s", c.method, c.path, c.token, status, c.want, text)
		}
	}
	var d device.Device
	if status, text := s.call("320600", "PATCH", "/devices/gauge-1", map[string]any{"name": "闸口水位"}, &d); status != http.StatusOK || d.Name != "闸口水位" {
		t.Errorf("%d %s", status, text)
	}
	if status, text := s.call("320600", "GET", "/devices/export.xlsx?q=gauge", nil, nil); status != http.StatusOK || !bytes.HasPrefix(text, []byte("PK")) {
		t.Errorf("export: %d %.60q", status, text)
	}
	var token deviceToken
	if status, text := s.call("320600", "POST", "/devices/gauge-1/token", nil, &token); status != http.StatusOK || len(token.Token) < 32 {
		t.Errorf("%d %s", status, text)
	}
	if status, text := s.call("320600", "DELETE", "/devices/gauge-1", nil, nil); status != http.StatusNoContent {
		t.Errorf("remove: %d %s", status, text)
	}
	if status, _ := s.call("320600", "GET", "/devices/gauge-1", nil, nil); status != http.StatusNotFound {
		t.Errorf("removed device: %d", status)
	}
	if status, text := s.call("320600", "POST", "/devices/gauge-1/restore", nil, &d); status != http.StatusOK || d.ID != "gauge-1" {
		t.Errorf("restore: %d %s", status, text)
	}
}

func TestEnrolmentIsSlowedDownForOneAddress(t *testing.T) {
	s := newDeviceServer(t)
	for range 200 {
		if status, _ := s.call("", "POST", "/enrol", wire.EnrolRequest{Token: "x", CSR: "y"}, nil); status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("200 attempts were all heard")
}

func TestTheListOfRevokedCertificatesNeedsNoLogin(t *testing.T) {
	s := newDeviceServer(t)
	res, err := http.Get(s.url + RevokedPath)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	der, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/pkix-crl" {
		t.Fatalf("%d %s, %v", res.StatusCode, res.Header.Get("Content-Type"), err)
	}
	if _, err := x509.ParseRevocationList(der); err != nil {
		t.Error(err)
	}
}
