package bucket_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/bucket"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/testserver"
)

// certificate makes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bucket"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func open(t *testing.T, s *testserver.S3, change func(*bucket.Options)) *bucket.Bucket {
	t.Helper()
	o := bucket.Options{URL: s.URL, Name: s.Name, Region: "us-east-1", Prefix: "centre/", KeyFile: s.KeyFile, CA: s.CA}
	if change != nil {
		change(&o)
	}
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func onDisk(t *testing.T, n int) (path string, data []byte) {
	t.Helper()
	data = make([]byte, n)
	_, _ = rand.Read(data) // it does not fail
	path = filepath.Join(t.TempDir(), "a.mp4")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, data
}

func code(err error) string {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		return ""
	}
	return e.Code
}

func TestWhatIsPutIsReadInPiecesAndRemovedOverTLS(t *testing.T) {
	cert, key := certificate(t)
	s := testserver.StartS3(t, cert, key)
	b := open(t, s, nil)
	path, data := onDisk(t, 3<<20+12345)
	const file = "cam-1/2026-11-27/a.mp4"
	for range 2 { // over itself, as after a kill
		if err := b.Put(t.Context(), file, path); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(filepath.Join(s.Dir, "centre", file)); err != nil || !bytes.Equal(kept, data) {
		t.Fatalf("in the bucket: %d bytes, %v", len(kept), err)
	}
	f, size, err := b.Open(t.Context(), file)
	if err != nil || size != int64(len(data)) {
		t.Fatalf("%d bytes, %v", size, err)
	}
	for _, span := range [][2]int{{0, 8}, {1<<20 - 4, 8}, {2 << 20, 1 << 20}, {0, len(data)}, {len(data) - 5, 5}} {
		got := make([]byte, span[1])
		if n, err := f.ReadAt(got, int64(span[0])); err != nil || n != span[1] || !bytes.Equal(got, data[span[0]:span[0]+span[1]]) {
			t.Errorf("%v: %d %v", span, n, err)
		}
	}
	if n, err := f.ReadAt(make([]byte, 10), int64(len(data)-3)); n != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("over the end: %d %v", n, err)
	}
	for range 2 {
		if err := b.Remove(t.Context(), file); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := b.Open(t.Context(), file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its removal: %v", err)
	}
	if err := b.Put(t.Context(), file, path+".gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	stranger := open(t, s, func(o *bucket.Options) { o.CA = "" })
	if err := stranger.Put(t.Context(), file, path); code(err) != bucket.Unreachable {
		t.Errorf("a certificate that nobody knows: %v", err)
	}
}

func TestABucketThatSaysNoIsToldByItsReason(t *testing.T) {
	s := testserver.StartS3(t, "", "")
	path, data := onDisk(t, 1000)
	b := open(t, s, nil)
	if err := b.Put(t.Context(), "a.mp4", path); err != nil {
		t.Fatal(err)
	}
	if err := open(t, s, func(o *bucket.Options) { o.Name = "nowhere" }).Put(t.Context(), "a.mp4", path); code(err) != bucket.Gone {
		t.Errorf("no bucket: %v", err)
	}
	if err := b.Check(t.Context()); err != nil {
		t.Errorf("a bucket that is there: %v", err)
	}
	if err := open(t, s, func(o *bucket.Options) { o.Name = "nowhere" }).Check(t.Context()); code(err) != bucket.Gone {
		t.Errorf("no bucket, asked: %v", err)
	}
	// Other keys in the file are taken without a new start, and the right ones again as well.
	access, secret := s.Keys()
	later := time.Now()
	change := func(secret string) {
		s.SetKeys(t, access, secret)
		later = later.Add(time.Second)
		if err := os.Chtimes(s.KeyFile, later, later); err != nil {
			t.Fatal(err)
		}
	}
	change("wrong")
	if err := b.Put(t.Context(), "b.mp4", path); code(err) != bucket.Refused {
		t.Errorf("wrong keys: %v", err)
	}
	change(secret)
	if err := b.Put(t.Context(), "b.mp4", path); err != nil {
		t.Errorf("the right keys again: %v", err)
	}
	f, _, err := b.Open(t.Context(), "a.mp4")
	if err != nil {
		t.Fatal(err)
	}
	s.Kill()
	for what, err := range map[string]error{
		"check": b.Check(t.Context()), "put": b.Put(t.Context(), "c.mp4", path), "remove": b.Remove(t.Context(), "a.mp4"),
		"open": func() error { _, _, err := b.Open(t.Context(), "a.mp4"); return err }(),
		"read": func() error { _, err := f.ReadAt(make([]byte, 10), 0); return err }(),
	} {
		if code(err) != bucket.Unreachable {
			t.Errorf("%s of a dead one: %v", what, err)
		}
	}
	s.Start(t)
	got := make([]byte, len(data))
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read after it came back: %v", err)
	}
}

func TestKeysThatAreNoneAreSaidAtTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	for name, text := range map[string]string{"none": "", "one": "access\n", "three": "a\nb\nc\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := bucket.New(bucket.Options{URL: "http://127.0.0.1:9", Name: "b", KeyFile: file}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := bucket.New(bucket.Options{URL: "http://127.0.0.1:9", Name: "b", KeyFile: file + ".gone"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestAReadEndsWithItsContext(t *testing.T) {
	s := testserver.StartS3(t, "", "")
	b := open(t, s, nil)
	path, _ := onDisk(t, 1000)
	if err := b.Put(t.Context(), "a.mp4", path); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f, _, err := b.Open(ctx, "a.mp4")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := f.ReadAt(make([]byte, 10), 0); err == nil {
		t.Error("it was read")
	}
}
