// Package enrol gets and keeps the certificate by which the centre knows this terminal. The command line
// enrols, the agent renews. Rule that must never break: the private key is made here, is readable by the
// agent's user only, and never leaves the machine.
package enrol

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/wire"
)

// file holds everything of an enrolment, so that key and certificate are replaced together.
const file = "identity.json"

// maxReply is more than a certificate with its authority takes.
const maxReply = 64 << 10

// Identity is what the terminal is at the centre. Key and certificates are PEM.
type Identity struct {
	Edge        string `json:"edge"`
	Broker      string `json:"broker"` // host:port of MQTT with TLS
	Key         string `json:"key"`
	Certificate string `json:"certificate"`
	CA          string `json:"ca"`
	ReleaseKey  string `json:"release_key,omitempty"` // of programs, as the centre gave it at the enrolment; a renewal keeps it
}

// ErrNone is returned when the terminal is not enrolled.
var ErrNone = errors.New("not enrolled yet: fengsui-edge enrol --ca-sha256 FINGERPRINT --token TOKEN, as the console shows it")

// Centre is where to enrol.
type Centre struct {
	URL    string
	Client *http.Client
}

// Ticket is what a person brings from the centre.
type Ticket struct {
	Edge  string // as the configuration calls this terminal
	Token string // one-time
	CA    string // SHA-256 of the centre's authority, hexadecimal, colons allowed; empty: not compared
}

// Enrol trades a one-time token for a certificate of this edge and keeps it in the folder. The centre has to
// show the authority that the ticket names before it sees the token.
func Enrol(ctx context.Context, c Centre, dir string, t Ticket) (Identity, error) {
	if err := c.recognise(ctx, t.CA); err != nil {
		return Identity{}, fmt.Errorf("enrol: %w", err)
	}
	key, csr, err := request()
	if err != nil {
		return Identity{}, err
	}
	var reply wire.EnrolReply
	if err := c.call(ctx, http.MethodPost, "/api/v1/enrol", wire.EnrolRequest{Token: strings.TrimSpace(t.Token), CSR: csr}, &reply); err != nil {
		return Identity{}, fmt.Errorf("enrol: %w", err)
	}
	if reply.Edge != t.Edge {
		return Identity{}, fmt.Errorf("enrol: the token is for %s, but the configuration says id: %s", reply.Edge, t.Edge)
	}
	if err := compare(reply.CA, t.CA); err != nil {
		return Identity{}, fmt.Errorf("enrol: %w", err)
	}
	return c.keep(dir, key, reply, reply.ReleaseKey)
}

// Renew trades the certificate for a new one with a new key.
func Renew(ctx context.Context, c Centre, dir string, now time.Time) (Identity, error) {
	old, err := Load(dir)
	if err != nil {
		return Identity{}, err
	}
	key, csr, err := request()
	if err != nil {
		return Identity{}, err
	}
	block, _ := pem.Decode([]byte(csr))
	signature, err := sign(old.Key, block.Bytes, now.UnixMilli())
	if err != nil {
		return Identity{}, err
	}
	q := wire.RenewRequest{Certificate: old.Certificate, CSR: csr, At: now.UnixMilli(), Signature: signature}
	var reply wire.EnrolReply
	if err := c.call(ctx, http.MethodPost, "/api/v1/enrol/renew", q, &reply); err != nil {
		return Identity{}, fmt.Errorf("renew certificate: %w", err)
	}
	if reply.Edge != old.Edge {
		return Identity{}, fmt.Errorf("renew certificate: the centre answers for %s instead of %s", reply.Edge, old.Edge)
	}
	if reply.CA != old.CA {
		return Identity{}, errors.New("renew certificate: the centre answers with another authority than the one that enrolled this terminal; enrol again with a new token")
	}
	return c.keep(dir, key, reply, old.ReleaseKey)
}

// recognise asks the centre for its authority and compares it with the fingerprint.
func (c Centre) recognise(ctx context.Context, fingerprint string) error {
	if fingerprint == "" {
		return nil
	}
	var shown wire.EnrolAuthority
	if err := c.call(ctx, http.MethodGet, "/api/v1/enrol/ca", nil, &shown); err != nil {
		return err
	}
	if err := compare(shown.CA, fingerprint); err != nil {
		return fmt.Errorf("%w; the token was not sent", err)
	}
	return nil
}

// compare fails when an authority has another fingerprint than it should.
func compare(authority, fingerprint string) error {
	if fingerprint == "" {
		return nil
	}
	want := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(fingerprint), ":", ""))
	got, err := tlsconf.Fingerprint([]byte(authority))
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the authority of the centre has the fingerprint %s instead of %s: this is another centre, or somebody stands in between", got, want)
	}
	return nil
}

// request makes a key and a certificate request, both PEM.
func request() (key, csr string, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("make key: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		return "", "", fmt.Errorf("write key: %w", err)
	}
	q, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "fengsui-edge"}}, k)
	if err != nil {
		return "", "", fmt.Errorf("make certificate request: %w", err)
	}
	return armour("EC PRIVATE KEY", der), armour("CERTIFICATE REQUEST", q), nil
}

func armour(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// sign proves that the present key is at hand (docs/protocol.md §10).
func sign(key string, csr []byte, at int64) (string, error) {
	block, _ := pem.Decode([]byte(key))
	if block == nil {
		return "", errors.New("read key: not in PEM form")
	}
	k, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return "", fmt.Errorf("read key: %w", err)
	}
	sum := sha256.Sum256(append(bytes.Clone(csr), strconv.FormatInt(at, 10)...))
	raw, err := ecdsa.SignASN1(rand.Reader, k, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign request: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

func (c Centre) call(ctx context.Context, method, path string, in, out any) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.Client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err = io.ReadAll(io.LimitReader(answer.Body, maxReply))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		var problem struct{ Detail string }
		_ = json.Unmarshal(text, &problem)
		return fmt.Errorf("the centre answers %s: %s", answer.Status, problem.Detail)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// keep checks what the centre gave and writes it, whole or not at all.
func (c Centre) keep(dir, key string, reply wire.EnrolReply, releaseKey string) (Identity, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return Identity{}, fmt.Errorf("read address of the centre: %w", err)
	}
	id := Identity{
		Edge: reply.Edge, Key: key, Certificate: reply.Certificate, CA: reply.CA, ReleaseKey: releaseKey,
		Broker: net.JoinHostPort(u.Hostname(), strconv.Itoa(reply.MQTTPort)),
	}
	if err := id.signed(); err != nil {
		return Identity{}, fmt.Errorf("the centre gave a certificate that cannot be used: %w", err)
	}
	text, err := json.Marshal(id)
	if err != nil {
		return Identity{}, fmt.Errorf("write identity: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return Identity{}, fmt.Errorf("make data folder: %w", err)
	}
	if err := run.Replace(filepath.Join(dir, file), text); err != nil {
		return Identity{}, fmt.Errorf("keep identity: %w", err)
	}
	return id, nil
}

// Check returns an error that names the file when there is an identity that cannot be used.
func Check(dir string) error {
	id, err := Load(dir)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err == nil {
		_, err = id.TLS()
	}
	if err == nil {
		_, _, err = id.Life()
	}
	if err != nil {
		return fmt.Errorf("%s: %w; mend it, or remove it and enrol again", filepath.Join(dir, file), err)
	}
	return nil
}

// Load reads the identity of a folder: ErrNone when there is none.
func Load(dir string) (Identity, error) {
	var id Identity
	text, err := os.ReadFile(filepath.Join(dir, file))
	if errors.Is(err, os.ErrNotExist) {
		return id, ErrNone
	}
	if err != nil {
		return id, fmt.Errorf("read identity: %w", err)
	}
	if err := json.Unmarshal(text, &id); err != nil {
		return id, fmt.Errorf("read identity %s: %w", filepath.Join(dir, file), err)
	}
	return id, nil
}

// TLS is the settings of the session with the broker.
func (id Identity) TLS() (*tls.Config, error) {
	pair, err := tls.X509KeyPair([]byte(id.Certificate), []byte(id.Key))
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(id.CA)) {
		return nil, errors.New("read authority: no certificate in PEM form")
	}
	return tlsconf.Client(pool, pair), nil
}

// signed reports whether key, certificate and authority belong together.
func (id Identity) signed() error {
	c, err := id.TLS()
	if err != nil {
		return err
	}
	leaf, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: c.RootCAs, CurrentTime: leaf.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

// Life is from when to when the certificate is valid.
func (id Identity) Life() (from, to time.Time, err error) {
	block, _ := pem.Decode([]byte(id.Certificate))
	if block == nil {
		return from, to, errors.New("read certificate: not in PEM form")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return from, to, fmt.Errorf("read certificate: %w", err)
	}
	return c.NotBefore, c.NotAfter, nil
}

// Due reports whether it is time to renew: from two thirds of the life on, each certificate at a moment of its own
// within the next twelfth, so that terminals that were enrolled together do not come together.
func (id Identity) Due(now time.Time) bool {
	from, to, err := id.Life()
	if err != nil {
		return false
	}
	life := to.Sub(from)
	sum := sha256.Sum256([]byte(id.Certificate))
	share := float64(binary.BigEndian.Uint32(sum[:])) / (1 << 32)
	return now.After(from.Add(life*2/3 + time.Duration(share*float64(life)/12)))
}
