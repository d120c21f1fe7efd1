package device

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAuthorityIsMadeOnceAndItsKeyIsSecret(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	all := make([]*Authority, 8)
	for i := range all {
		wg.Go(func() {
			a, err := OpenAuthority(dir, nil)
			if err != nil {
				t.Error(err)
				return
			}
			all[i] = a
		})
	}
	wg.Wait()
	for _, a := range all[1:] {
		if a.PEM() != all[0].PEM() {
			t.Fatal("two programs made two authorities")
		}
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("key has mode %v", info.Mode().Perm())
	}
	if left := time.Until(all[0].root.NotAfter); left < 9*365*24*time.Hour {
		t.Errorf("authority lives %v", left)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAuthority(dir, nil); err == nil || !strings.Contains(err.Error(), "ca.key") {
		t.Errorf("rubbish: got %v, want an error that names the file", err)
	}
}

func TestServerCertificateNamesTheHostAndRenewsItself(t *testing.T) {
	a, err := OpenAuthority(t.TempDir(), []string{"centre.example", "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	first, err := a.serverCertificate(now)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"centre.example", "192.0.2.7", "localhost", "127.0.0.1"} {
		if err := first.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if same, _ := a.serverCertificate(now.Add(59 * 24 * time.Hour)); same != first {
		t.Error("renewed too early")
	}
	if next, _ := a.serverCertificate(now.Add(61 * 24 * time.Hour)); next == first {
		t.Error("not renewed when a third of its life was left")
	}
	if a.verify(first.Leaf, now) == nil {
		t.Error("the listener's certificate would do for a client")
	}
}

func csrOf(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func TestOnlyP256RequestsAreTaken(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	weak, _ := rsa.GenerateKey(rand.Reader, 2048)
	good := csrOf(t, p256)
	if _, err := parseRequest(good); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(good))
	block.Bytes[len(block.Bytes)-1] ^= 1
	for name, text := range map[string]string{
		"empty": "", "text": "hello", "P-384": csrOf(t, p384), "RSA": csrOf(t, weak), "two": good + good,
		"forged": string(pem.EncodeToMemory(block)), "too large": good + strings.Repeat(" ", maxRequest),
	} {
		if _, err := parseRequest(text); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
