package device_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestListOfRevokedCertificatesIsSignedAndGrowsWithEachRevocation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		system := actor.WithSystem(t.Context(), "test")
		list := &device.Revocations{Store: d.Store, CA: d.CA}
		file := filepath.Join(t.TempDir(), "revoked.pem")
		f := &device.RevocationFile{Path: file, List: list, Log: slog.New(slog.DiscardHandler)}
		read := func() *x509.RevocationList {
			t.Helper()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(text)
			if block == nil || block.Type != "X509 CRL" {
				t.Fatalf("%s is no list in PEM form", text)
			}
			if der, err := os.ReadFile(file + ".der"); err != nil || !bytes.Equal(der, block.Bytes) {
				t.Errorf("the DER form differs: %v", err)
			}
			crl, err := x509.ParseRevocationList(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			root, _ := pem.Decode([]byte(d.CA.PEM()))
			ca, err := x509.ParseCertificate(root.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if err := crl.CheckSignatureFrom(ca); err != nil {
				t.Error(err)
			}
			return crl
		}
		now := time.Now()
		if err := f.Write(system, now); err != nil {
			t.Fatal(err)
		}
		first := read()
		if len(first.RevokedCertificateEntries) != 0 || first.NextUpdate.Before(now.AddDate(0, 0, 29)) {
			t.Errorf("an empty list: %+v", first)
		}
		if _, err := d.Create(system, device.New{ID: "edge-a", Kind: device.Edge}); err != nil {
			t.Fatal(err)
		}
		_, cert, err := d.CA.Issue("edge-a", publicKey(t), now)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Store.AddCertificate(system, "edge-a", cert, event.Stamp(now)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Revoke(system, "edge-a"); err != nil {
			t.Fatal(err)
		}
		if err := f.Write(system, now.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		second := read()
		if len(second.RevokedCertificateEntries) != 1 || second.Number.Cmp(first.Number) <= 0 ||
			second.RevokedCertificateEntries[0].SerialNumber.Text(16) != trimZeros(cert.Serial) {
			t.Errorf("got %+v", second)
		}
		if err := f.Write(system, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if same := read(); same.Number.Cmp(second.Number) != 0 {
			t.Error("an unchanged list is written again and again")
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := f.Write(system, now.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if again := read(); len(again.RevokedCertificateEntries) != 1 {
			t.Error("a file that somebody removed does not come back")
		}
		if err := f.Write(system, now.AddDate(0, 0, 1)); err != nil {
			t.Fatal(err)
		}
		if next := read(); next.Number.Cmp(second.Number) <= 0 {
			t.Error("the list grows old")
		}
		// What has ended by itself need not stand there.
		if list, err := d.Store.RevokedCertificates(system, cert.NotAfter); err != nil || len(list) != 0 {
			t.Errorf("got %+v, %v", list, err)
		}
		f.Path = filepath.Join(file, "no", "such", "folder")
		if err := f.Start(system); err == nil {
			t.Error("a folder that is not there is taken")
		}
	})
}

func TestTheFileFollowsARevocationWhileOthersAskForTheList(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	system := actor.WithSystem(t.Context(), "test")
	list := &device.Revocations{Store: d.Store, CA: d.CA}
	f := &device.RevocationFile{Path: filepath.Join(t.TempDir(), "revoked.pem"), List: list, Log: slog.New(slog.DiscardHandler)}
	if err := f.Start(system); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Create(system, device.New{ID: "edge-a", Kind: device.Edge}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	_, cert, err := d.CA.Issue("edge-a", publicKey(t), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Store.AddCertificate(system, "edge-a", cert, event.Stamp(now)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Revoke(system, "edge-a"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				f.OnEvent(system, event.Event{Kind: device.EventRevoked})
				if _, err := list.DER(system, time.Now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	f.OnEvent(system, event.Event{Kind: device.EventRevoked})
	end := time.After(15 * time.Second)
	for named := false; !named; {
		der, err := os.ReadFile(f.Path + ".der")
		if err != nil {
			t.Fatal(err)
		}
		crl, err := x509.ParseRevocationList(der)
		named = err == nil && len(crl.RevokedCertificateEntries) == 1
		select {
		case <-end:
			t.Fatal("the file does not name the certificate")
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err := f.Stop(system); err != nil {
		t.Error(err)
	}
	f.OnEvent(system, event.Event{Kind: device.EventRevoked}) // nobody listens any more; it does not wait
}

// TestTheListThatIsFetchedNamesItsPlace: without it EMQX heeds no list, and a list for a file must have none, as
// certificates of before name no place.
func TestTheListThatIsFetchedNamesItsPlace(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	system := actor.WithSystem(t.Context(), "test")
	const url = "https://centre.example/pki/revoked.crl"
	d.CA.ListURL = url
	list := &device.Revocations{Store: d.Store, CA: d.CA}
	f := &device.RevocationFile{Path: filepath.Join(t.TempDir(), "revoked.pem"), List: list}
	if err := f.Write(system, time.Now()); err != nil {
		t.Fatal(err)
	}
	fetched, err := list.DER(system, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	filed, err := os.ReadFile(f.Path + ".der")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		der  []byte
		want bool
	}{{fetched, true}, {filed, false}} {
		crl, err := x509.ParseRevocationList(c.der)
		if err != nil {
			t.Fatal(err)
		}
		named := false
		for _, e := range crl.Extensions {
			if e.Id.String() == "2.5.29.28" {
				// SEQUENCE, [0] distributionPoint, [0] fullName, [6] uniformResourceIdentifier
				n := byte(len(url))
				named = e.Critical && bytes.Equal(e.Value, append([]byte{0x30, n + 6, 0xa0, n + 4, 0xa0, n + 2, 0x86, n}, url...))
			}
		}
		if named != c.want {
			t.Errorf("the list names its place: %v, want %v", named, c.want)
		}
	}
}

func TestCertificatesNameTheListWhenThereIsAnAddress(t *testing.T) {
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"", "https://centre.example/pki/revoked.crl"} {
		ca.ListURL = url
		text, _, err := ca.Issue("edge-a", publicKey(t), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode([]byte(text))
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if got := cert.CRLDistributionPoints; (url == "") != (len(got) == 0) || (len(got) == 1 && got[0] != url) {
			t.Errorf("%q: %q", url, got)
		}
	}
}

func publicKey(t *testing.T) any {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

func trimZeros(serial string) string { return strings.TrimLeft(serial, "0") }
