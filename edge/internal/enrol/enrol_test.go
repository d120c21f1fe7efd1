package enrol

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/wire"
)

const life = 90 * 24 * time.Hour

// authority is a centre as far as enrolment goes.
type authority struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	cert   *x509.Certificate
	pem    string
	edge   string
	begin  time.Time
	tokens int  // requests that brought one
	broken bool // gives a certificate for another key
}

func newAuthority(t *testing.T) (*authority, Centre) {
	t.Helper()
	a := &authority{t: t, edge: "edge-1", begin: time.Now().Add(-time.Hour)}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: a.begin, NotAfter: a.begin.Add(life * 10), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = armour("CERTIFICATE", der)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/enrol/ca", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(wire.EnrolAuthority{CA: a.pem})
	})
	mux.HandleFunc("POST /api/v1/enrol", a.enrol)
	mux.HandleFunc("POST /api/v1/enrol/renew", a.renew)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return a, Centre{URL: s.URL, Client: s.Client()}
}

func (a *authority) enrol(w http.ResponseWriter, r *http.Request) {
	a.tokens++
	var q wire.EnrolRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Token != "good" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"detail":"the token was used"}`))
		return
	}
	a.issue(w, q.CSR)
}

func (a *authority) renew(w http.ResponseWriter, r *http.Request) {
	var q wire.RenewRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		a.t.Error(err)
	}
	block, _ := pem.Decode([]byte(q.Certificate))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		a.t.Error(err)
	}
	csr, _ := pem.Decode([]byte(q.CSR))
	signature, err := base64.StdEncoding.DecodeString(q.Signature)
	sum := sha256.Sum256(append(append([]byte(nil), csr.Bytes...), strconv.FormatInt(q.At, 10)...))
	if err != nil || !ecdsa.VerifyASN1(cert.PublicKey.(*ecdsa.PublicKey), sum[:], signature) {
		a.t.Error("the renewal is not signed by the present key")
	}
	a.issue(w, q.CSR)
}

func (a *authority) issue(w http.ResponseWriter, text string) {
	block, _ := pem.Decode([]byte(text))
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || csr.CheckSignature() != nil {
		a.t.Errorf("request: %v", err)
		return
	}
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		a.t.Error("the key is not P-256")
	}
	public := any(key)
	if a.broken {
		public = a.key.Public()
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: a.edge}, NotBefore: a.begin, NotAfter: a.begin.Add(life)}, a.cert, public, a.key)
	if err != nil {
		a.t.Error(err)
	}
	_ = json.NewEncoder(w).Encode(wire.EnrolReply{Edge: a.edge, Certificate: armour("CERTIFICATE", der), CA: a.pem, MQTTPort: 8883, Time: time.Now().UnixMilli()})
}

func TestTokenBecomesAnIdentityThatOnlyTheAgentCanRead(t *testing.T) {
	_, centre := newAuthority(t)
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := Load(dir); !errors.Is(err, ErrNone) {
		t.Errorf("got %v", err)
	}
	id, err := Enrol(t.Context(), centre, dir, Ticket{Edge: "edge-1", Token: " good\n"})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := Load(dir)
	if err != nil || kept != id || id.Broker != "127.0.0.1:8883" {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if c, err := kept.TLS(); err != nil || len(c.Certificates) != 1 || c.RootCAs == nil {
		t.Errorf("got %v", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if info, err := files[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key can be read by others: %v, %v", info.Mode(), err)
	}
}

func TestAnIdentityThatCannotBeReadIsNamed(t *testing.T) {
	_, centre := newAuthority(t)
	dir := t.TempDir()
	if err := Check(dir); err != nil {
		t.Errorf("none at all: %v", err)
	}
	if _, err := Enrol(t.Context(), centre, dir, Ticket{Edge: "edge-1", Token: "good"}); err != nil {
		t.Fatal(err)
	}
	if err := Check(dir); err != nil {
		t.Errorf("a good one: %v", err)
	}
	path := filepath.Join(dir, file)
	for name, text := range map[string]string{"empty": "", "cut": `{"edge":"e","key":"`, "no certificate": `{"edge":"e"}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Check(dir); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusalLeavesNothingBehindAndSaysWhy(t *testing.T) {
	a, centre := newAuthority(t)
	for _, c := range []struct {
		name, edge, token, want string
		broken                  bool
	}{
		{"used token", "edge-1", "bad", "the token was used", false},
		{"token of another", "edge-2", "good", "the token is for edge-1", false},
		{"certificate of another key", "edge-1", "good", "cannot be used", true},
	} {
		a.broken = c.broken
		dir := t.TempDir()
		if _, err := Enrol(t.Context(), centre, dir, Ticket{Edge: c.edge, Token: c.token}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if files, _ := os.ReadDir(dir); len(files) != 0 {
			t.Errorf("%s: left %v", c.name, files)
		}
	}
}

func TestCertificateIsRenewedAtTwoThirdsOfItsLifeWithANewKey(t *testing.T) {
	a, centre := newAuthority(t)
	dir := t.TempDir()
	old, err := Enrol(t.Context(), centre, dir, Ticket{Edge: "edge-1", Token: "good"})
	if err != nil {
		t.Fatal(err)
	}
	if old.Due(a.begin.Add(life*2/3-time.Minute)) || !old.Due(a.begin.Add(life*3/4+time.Minute)) {
		t.Error("the renewal is not due between two thirds and three quarters")
	}
	fresh, err := Renew(t.Context(), centre, dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if fresh.Key == old.Key || fresh.Certificate == old.Certificate {
		t.Error("key or certificate is the old one")
	}
	if kept, err := Load(dir); err != nil || kept != fresh {
		t.Errorf("kept %v", err)
	}
	a.broken = true
	if _, err := Renew(t.Context(), centre, dir, time.Now()); err == nil {
		t.Error("a useless certificate was taken")
	}
	if kept, err := Load(dir); err != nil || kept != fresh {
		t.Errorf("the failed renewal touched the identity: %v", err)
	}
}

// A county enrols its terminals on one day; two months later they must not all come within one hour.
func TestTerminalsEnrolledTogetherRenewApart(t *testing.T) {
	a, centre := newAuthority(t)
	const n, parts = 40, 4
	var due [parts + 1]int
	for range n {
		id, err := Enrol(t.Context(), centre, t.TempDir(), Ticket{Edge: "edge-1", Token: "good"})
		if err != nil {
			t.Fatal(err)
		}
		for part := range parts + 1 {
			if id.Due(a.begin.Add(life*2/3 + life/12*time.Duration(part)/parts + time.Minute)) {
				due[part]++
			}
		}
	}
	if due[0] > n/4 || due[parts] != n || due[parts/2] < n/8 || due[parts/2] > n-n/8 {
		t.Errorf("of %d are due in turn %v", n, due)
	}
}

func TestTheTokenIsShownToNoOtherCentre(t *testing.T) {
	a, centre := newAuthority(t)
	own, err := tlsconf.Fingerprint([]byte(a.pem))
	if err != nil {
		t.Fatal(err)
	}
	var colons []string
	for n := 0; n < len(own); n += 2 {
		colons = append(colons, strings.ToUpper(own[n:n+2]))
	}
	for _, good := range []string{own, strings.Join(colons, ":")} {
		if _, err := Enrol(t.Context(), centre, t.TempDir(), Ticket{Edge: "edge-1", Token: "good", CA: good}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	a.tokens = 0
	other, _ := newAuthority(t)
	foreign, err := tlsconf.Fingerprint([]byte(other.pem))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err = Enrol(t.Context(), centre, dir, Ticket{Edge: "edge-1", Token: "good", CA: foreign})
	if err == nil || !strings.Contains(err.Error(), "the token was not sent") || a.tokens != 0 {
		t.Errorf("%v; %d tokens were sent", err, a.tokens)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left %v", files)
	}
}

func TestARenewalTakesNoOtherAuthority(t *testing.T) {
	a, centre := newAuthority(t)
	dir := t.TempDir()
	old, err := Enrol(t.Context(), centre, dir, Ticket{Edge: "edge-1", Token: "good"})
	if err != nil {
		t.Fatal(err)
	}
	other, _ := newAuthority(t)
	a.key, a.cert, a.pem = other.key, other.cert, other.pem
	if _, err := Renew(t.Context(), centre, dir, time.Now()); err == nil || !strings.Contains(err.Error(), "another authority") {
		t.Errorf("got %v", err)
	}
	if kept, err := Load(dir); err != nil || kept != old {
		t.Errorf("the identity was touched: %v", err)
	}
}
