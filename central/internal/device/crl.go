package device

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
)

// A list of revoked certificates (RFC 5280, section 5) is for brokers that are not ours. One that has ended
// keeps every terminal out, so it lives much longer than it takes to make the next.
const (
	crlLife  = 30 * 24 * time.Hour
	crlRenew = 12 * time.Hour
	crlLook  = 20 * time.Second // the command line revokes as well, without an event
	crlFresh = 5 * time.Second  // so long the list for HTTP is not made anew
)

// Withdrawn is a certificate that lets nobody in any more and has not ended yet.
type Withdrawn struct {
	Serial string // hexadecimal
	At     time.Time
}

// The extension by which a list names the place where it lies (RFC 5280, section 5.2.5).
type distributionPoint struct {
	Name distributionPointName `asn1:"optional,tag:0"`
}

type distributionPointName struct {
	Full []asn1.RawValue `asn1:"optional,tag:0"`
}

// uniformResource is the tag of an address among general names (RFC 5280, section 4.2.1.6).
const uniformResource = 6

// lies is that extension.
func lies(address string) (pkix.Extension, error) {
	at := distributionPoint{distributionPointName{[]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: uniformResource, Bytes: []byte(address)}}}}
	text, err := asn1.Marshal(at)
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("write place of revoked certificates: %w", err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: text}, nil
}

// RevocationList is the signed list in DER form. address is where it lies, empty for a file that lies nowhere:
// EMQX takes no list without it, and OpenSSL none with another than the certificate names.
func (a *Authority) RevocationList(list []Withdrawn, address string, now time.Time) ([]byte, error) {
	shape := &x509.RevocationList{Number: big.NewInt(now.UnixMilli()), ThisUpdate: now.Add(-backdate), NextUpdate: now.Add(crlLife)}
	for _, r := range list {
		serial, ok := new(big.Int).SetString(r.Serial, 16)
		if !ok {
			return nil, fmt.Errorf("list revoked certificates: %q is no serial number", r.Serial)
		}
		shape.RevokedCertificateEntries = append(shape.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: r.At})
	}
	if address != "" {
		at, err := lies(address)
		if err != nil {
			return nil, err
		}
		shape.ExtraExtensions = []pkix.Extension{at}
	}
	der, err := x509.CreateRevocationList(rand.Reader, shape, a.root, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign list of revoked certificates: %w", err)
	}
	return der, nil
}

// Revocations gives out the list of revoked certificates. It holds no secret: whoever asks may have it.
type Revocations struct {
	Store Store
	CA    *Authority

	mu     sync.Mutex
	der    []byte // for files
	placed []byte // the same with its address, for who fetches it there
	made   time.Time
	of     []Withdrawn
}

// DER is the list as it stands, at most a few seconds old.
func (r *Revocations) DER(ctx context.Context, now time.Time) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.der != nil && now.Sub(r.made).Abs() < crlFresh {
		return r.placed, nil
	}
	if _, err := r.make(ctx, now); err != nil {
		return nil, err
	}
	return r.placed, nil
}

// make makes the list when it has changed or grown old. The caller holds the lock.
func (r *Revocations) make(ctx context.Context, now time.Time) (fresh bool, err error) {
	list, err := r.Store.RevokedCertificates(ctx, now)
	if err != nil {
		return false, err
	}
	if r.der != nil && now.Sub(r.made).Abs() < crlRenew && slices.EqualFunc(list, r.of, func(a, b Withdrawn) bool { return a.Serial == b.Serial }) {
		return false, nil
	}
	der, err := r.CA.RevocationList(list, "", now)
	if err != nil {
		return false, err
	}
	placed, err := r.CA.RevocationList(list, r.CA.ListURL, now)
	if err != nil {
		return false, err
	}
	r.der, r.placed, r.made, r.of = der, placed, now, list
	return true, nil
}

// RevocationFile keeps the list as a file for a broker that reads one: PEM under its name, DER beside it.
type RevocationFile struct {
	Path string
	List *Revocations
	Log  *slog.Logger

	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

// Start writes the file and keeps it until Stop.
func (f *RevocationFile) Start(ctx context.Context) error {
	if err := f.Write(ctx, time.Now()); err != nil {
		return err
	}
	f.wake, f.done = make(chan struct{}, 1), make(chan struct{})
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go f.run(ctx)
	return nil
}

// Stop ends that.
func (f *RevocationFile) Stop(context.Context) error {
	f.cancel()
	<-f.done
	return nil
}

// OnEvent rewrites the file when a certificate was revoked. Call it after Start.
func (f *RevocationFile) OnEvent(_ context.Context, e event.Event) {
	switch e.Kind {
	case EventRevoked, EventRemoved, EventEnrolled:
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

// run writes the file whenever the list changes, and twice a day.
func (f *RevocationFile) run(ctx context.Context) {
	defer close(f.done)
	tick := time.NewTicker(crlLook)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		case <-tick.C:
		}
		err := f.Write(ctx, time.Now())
		if err != nil && ctx.Err() == nil && !failing {
			f.Log.Error("a broker may still let revoked terminals in", "error", err)
		}
		failing = err != nil
	}
}

// Write writes both forms when the list has changed, or one of the files is missing.
func (f *RevocationFile) Write(ctx context.Context, now time.Time) error {
	f.List.mu.Lock()
	defer f.List.mu.Unlock()
	fresh, err := f.List.make(ctx, now)
	if err != nil {
		return err
	}
	forms := map[string][]byte{
		f.Path:          pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: f.List.der}),
		f.Path + ".der": f.List.der,
	}
	for path, text := range forms {
		if have, err := os.ReadFile(path); !fresh && err == nil && bytes.Equal(have, text) {
			continue
		}
		if err := replace(path, text); err != nil {
			return fmt.Errorf("write list of revoked certificates: %w", err)
		}
	}
	return nil
}

// replace writes a file that is either the old or the new one, whoever reads it, readable by all.
func replace(path string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".crl-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(text)
	if err := errors.Join(err, temp.Chmod(0o644), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
