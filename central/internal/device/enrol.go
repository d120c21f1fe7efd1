package device

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strconv"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// Periods of secrets.
const (
	enrolLife    = 24 * time.Hour // of a one-time token, unless a person chooses otherwise
	enrolLongest = 7 * 24 * time.Hour
	renewSkew    = 5 * time.Minute // between the clocks
)

// Enrolment is a one-time token for an edge, shown once.
type Enrolment struct {
	Edge    string
	Token   string
	CA      string // fingerprint of the authority, by which the edge knows the centre
	Expires time.Time
}

// Command is what a person types on the terminal, which asks the centre at server; an empty one leaves that
// to the terminal's configuration.
func (e Enrolment) Command(server string) string {
	out := "sudo -u fengsui-edge fengsui-edge enrol"
	if server != "" {
		out += " --server " + server
	}
	return out + " --ca-sha256 " + e.CA + " --token " + e.Token
}

// newSecret is 160 random bits in hexadecimal.
func newSecret() string {
	raw := make([]byte, 20)
	if _, err := rand.Read(raw); err != nil {
		panic(err) // never returned: crypto/rand ends the program itself
	}
	return hex.EncodeToString(raw)
}

func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// SetMQTTPort tells edges where the listener with TLS is.
func (s *Service) SetMQTTPort(port int) { s.port.Store(int64(port)) }

// checkLife refuses a validity of a one-time token; 0 is the shortest.
func checkLife(life time.Duration) error {
	if life != 0 && (life < enrolLife || life > enrolLongest) {
		return errs.Field("device.enrol_life", "hours", "must be 24 to 168")
	}
	return nil
}

func (s *Service) enrolment(ctx context.Context, id string, life time.Duration, now time.Time) (*Enrolment, error) {
	e := &Enrolment{Edge: id, Token: newSecret(), CA: s.CA.Fingerprint(), Expires: event.Stamp(now.Add(cmp.Or(life, enrolLife)))}
	if err := s.Store.AddEnrolment(ctx, id, hash(e.Token), event.Stamp(now), e.Expires); err != nil {
		return nil, err
	}
	return e, nil
}

// NewEnrolment makes a new one-time token for an edge, good for so long (0: a day); earlier ones end. The edge
// keeps its certificate until the token is used.
func (s *Service) NewEnrolment(ctx context.Context, id string, life time.Duration) (Enrolment, error) {
	if err := checkLife(life); err != nil {
		return Enrolment{}, err
	}
	var out *Enrolment
	_, err := s.modify(ctx, id, EventTokenMade, present, func(ctx context.Context, _ actor.Actor, r *Record) error {
		if r.Kind != Edge {
			return errs.E(errs.Invalid, "device.not_edge", "only an edge is enrolled; %s is a %s", id, r.Kind)
		}
		var err error
		out, err = s.enrolment(ctx, id, life, time.Now())
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	return *out, nil
}

// NewToken makes a new token for a simple sensor, shown once; the old one ends at once.
func (s *Service) NewToken(ctx context.Context, id string) (string, error) {
	token := newSecret()
	_, err := s.modify(ctx, id, EventTokenMade, present, func(_ context.Context, _ actor.Actor, r *Record) error {
		if r.Kind != Sensor || r.Parent != "" {
			return errs.E(errs.Invalid, "device.no_token", "only a simple sensor has a token")
		}
		r.TokenHash, r.RevokedAt = hash(token), nil
		return nil
	})
	if err != nil {
		return "", err
	}
	s.disconnect(id)
	return token, nil
}

// Revoke bars a device at once: its certificates, its token, its session.
func (s *Service) Revoke(ctx context.Context, id string) (Device, error) {
	now := event.Stamp(time.Now())
	d, err := s.modify(ctx, id, EventRevoked, present, func(ctx context.Context, _ actor.Actor, r *Record) error {
		if r.Parent != "" {
			return errs.E(errs.Invalid, "device.behind_edge", "it has no access of its own; revoke the edge %s", r.Parent)
		}
		r.RevokedAt, r.TokenHash = &now, ""
		if r.Cert != nil {
			c := *r.Cert
			c.RevokedAt = &now
			r.Cert = &c
		}
		return s.Store.RevokeCertificates(ctx, id, now)
	})
	if err != nil {
		return Device{}, err
	}
	s.disconnect(id)
	return d, nil
}

// Enrol trades a one-time token for a certificate. The name in the request is ignored: the token says
// which edge it is.
func (s *Service) Enrol(ctx context.Context, q wire.EnrolRequest) (wire.EnrolReply, error) {
	csr, err := parseRequest(q.CSR)
	if err != nil {
		return wire.EnrolReply{}, errs.Field("device.csr", "csr", err.Error())
	}
	now := time.Now()
	var out wire.EnrolReply
	var r Record
	var done event.Event
	s.write.Lock()
	defer s.write.Unlock()
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		id, err := s.Store.UseEnrolment(ctx, hash(q.Token), event.Stamp(now))
		if err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return s.why(ctx, hash(q.Token), now)
			}
			return err
		}
		if r, err = s.Store.Device(ctx, id); err != nil {
			return err
		}
		if r.RemovedAt != nil || r.Kind != Edge {
			return errs.E(errs.Unauthenticated, "device.enrol_token", "the device was removed")
		}
		if err := s.Store.RevokeCertificates(ctx, id, event.Stamp(now)); err != nil {
			return err
		}
		r.RevokedAt, r.UpdatedAt = nil, event.Stamp(now)
		if err := s.Store.Save(ctx, r); err != nil {
			return err
		}
		if out, r.Cert, err = s.issue(ctx, id, csr, now); err != nil {
			return err
		}
		return s.record(byEdge(ctx, r.Device), &done, EventEnrolled, r)
	})
	if err != nil {
		return wire.EnrolReply{}, err
	}
	s.disconnect(r.ID)
	s.put(r)
	s.Events.Publish(ctx, done)
	return out, nil
}

// byEdge marks the edge itself as who acts.
func byEdge(ctx context.Context, d Device) context.Context {
	return actor.With(ctx, actor.Actor{Kind: actor.Device, ID: d.ID, Name: d.Name, DivisionCode: d.Division})
}

func (s *Service) issue(ctx context.Context, id string, csr *x509.CertificateRequest, now time.Time) (wire.EnrolReply, *Certificate, error) {
	text, cert, err := s.CA.Issue(id, csr.PublicKey, now)
	if err != nil {
		return wire.EnrolReply{}, nil, err
	}
	if err := s.Store.AddCertificate(ctx, id, cert, event.Stamp(now)); err != nil {
		return wire.EnrolReply{}, nil, err
	}
	return s.granted(id, text, now), &cert, nil
}

// granted is the answer that hands out a certificate.
func (s *Service) granted(id, certificate string, now time.Time) wire.EnrolReply {
	return wire.EnrolReply{Edge: id, Certificate: certificate, CA: s.CA.PEM(), MQTTPort: int(s.port.Load()), Time: wire.Millis(now), ReleaseKey: s.ReleaseKey}
}

var errRenew = errs.E(errs.Unauthenticated, "device.renew", "the certificate cannot be renewed: it is unknown, revoked, ended, or the signature is wrong")

// Renew trades a valid certificate for a new one. The old one stays valid until the new one is first
// used: the answer may be lost on the way. The same request again gets the same answer.
func (s *Service) Renew(ctx context.Context, q wire.RenewRequest) (wire.EnrolReply, error) {
	now := time.Now()
	csr, err := parseRequest(q.CSR)
	if err != nil {
		return wire.EnrolReply{}, errs.Field("device.csr", "csr", err.Error())
	}
	cert, request, err := s.renewal(q, csr.Raw, now)
	if err != nil {
		return wire.EnrolReply{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	var out wire.EnrolReply
	var r Record
	var done event.Event
	again := false
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		old, err := s.Store.Certificate(ctx, serialOf(cert))
		if err != nil || !old.Valid(now) || old.Device != cert.Subject.CommonName {
			return errRenew
		}
		if r, err = s.Store.Device(ctx, old.Device); err != nil {
			return err
		}
		if r.RemovedAt != nil || r.RevokedAt != nil {
			return errRenew
		}
		given, err := s.Store.Renewal(ctx, request)
		if err == nil {
			out, again = s.granted(r.ID, given, now), true
			return nil
		}
		if errs.KindOf(err) != errs.NotFound {
			return err
		}
		out, r.Cert, err = s.issue(ctx, r.ID, csr, now)
		if err != nil {
			return err
		}
		r.UpdatedAt = event.Stamp(now)
		if err := s.Store.AddRenewal(ctx, request, old.Serial, out.Certificate, event.Stamp(now), event.Stamp(now.Add(-3*renewSkew))); err != nil {
			return err
		}
		return s.record(byEdge(ctx, r.Device), &done, EventEnrolled, r)
	})
	if err != nil || again {
		return out, err
	}
	s.put(r)
	s.Events.Publish(ctx, done)
	return out, nil
}

// renewal checks what needs no database: whose certificate, and who signed the request when. It returns the
// hash that was signed as the name of the request.
func (s *Service) renewal(q wire.RenewRequest, csr []byte, now time.Time) (*x509.Certificate, string, error) {
	if len(q.Certificate) > maxRequest || len(q.Signature) > 1024 {
		return nil, "", errRenew
	}
	block, _ := pem.Decode([]byte(q.Certificate))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, "", errRenew
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil || s.CA.verify(cert, now) != nil {
		return nil, "", errRenew
	}
	if d := now.Sub(wire.Time(q.At)); d > renewSkew || d < -renewSkew {
		return nil, "", errs.E(errs.Unauthenticated, "device.renew_clock", "the clocks differ by more than five minutes; the centre's is %s", now.UTC().Format(time.RFC3339))
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	sig, err := base64.StdEncoding.DecodeString(q.Signature)
	sum := sha256.Sum256(append(slices.Clip(csr), strconv.FormatInt(q.At, 10)...))
	if err != nil || !ok || !ecdsa.VerifyASN1(key, sum[:], sig) {
		return nil, "", errRenew
	}
	return cert, hex.EncodeToString(sum[:]), nil
}

// AuthCertificate says which edge a verified certificate belongs to, for the broker.
func (s *Service) AuthCertificate(ctx context.Context, cert *x509.Certificate) (string, error) {
	now := time.Now()
	denied := errs.E(errs.Unauthenticated, "device.certificate", "certificate %s of %q is unknown, revoked or ended", serialOf(cert), cert.Subject.CommonName)
	c, err := s.Store.Certificate(ctx, serialOf(cert))
	if errs.KindOf(err) == errs.NotFound {
		return "", denied
	}
	if err != nil {
		return "", err
	}
	r, err := s.Store.Device(ctx, c.Device)
	if err != nil {
		return "", err
	}
	if !c.Valid(now) || c.Device != cert.Subject.CommonName || r.RevokedAt != nil || r.RemovedAt != nil || r.Kind != Edge {
		return "", denied
	}
	if c.UsedAt == nil {
		if err := s.Store.UseCertificate(ctx, c.Device, c.Serial, event.Stamp(now)); err != nil {
			return "", err
		}
	}
	return c.Device, nil
}

// AuthToken checks the token of a simple sensor, for the broker.
func (s *Service) AuthToken(ctx context.Context, id, token string) error {
	denied := errs.E(errs.Unauthenticated, "device.token", "the token of %.64q is wrong", id)
	if !wire.ValidID(id) {
		return denied
	}
	r, err := s.Store.Device(ctx, id)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(r.TokenHash), []byte(hash(token))) != 1 || r.RevokedAt != nil || r.RemovedAt != nil {
		return denied
	}
	s.adopt(ctx, r, true)
	return nil
}
