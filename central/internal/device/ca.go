package device

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// How long certificates live.
const (
	rootLife   = 10 * 365 * 24 * time.Hour
	edgeLife   = 90 * 24 * time.Hour
	serverLife = 90 * 24 * time.Hour
	backdate   = 5 * time.Minute // a terminal's clock may be a little behind
)

// Authority is the centre's own certificate authority. It signs the certificates of edges and that of
// the MQTT listener. Its key never leaves its folder.
type Authority struct {
	root    *x509.Certificate
	key     crypto.Signer
	rootPEM string
	names   []string

	// ListURL is where the list of revoked certificates can be had; it stands in every certificate. Empty: nowhere.
	ListURL string

	mu     sync.Mutex
	server *tls.Certificate
}

// OpenAuthority reads the authority of a folder, or makes it. names are the host names and addresses
// under which edges reach the MQTT listener; localhost and this machine's own are always among them.
func OpenAuthority(dir string, names []string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the authority: %w", err)
	}
	file := filepath.Join(dir, "ca.key")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeRoot(file, time.Now()); err != nil {
			return nil, err
		}
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	a, err := parseRoot(text)
	if err != nil {
		return nil, fmt.Errorf("read authority %s: %w", file, err)
	}
	if time.Now().After(a.root.NotAfter) {
		return nil, fmt.Errorf("read authority %s: it ended on %s", file, a.root.NotAfter.Format(time.DateOnly))
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), []byte(a.rootPEM), 0o644); err != nil { //nolint:gosec // public
		return nil, fmt.Errorf("write certificate of the authority: %w", err)
	}
	a.names = allNames(names)
	return a, nil
}

// Fingerprint is the SHA-256 of the authority's certificate, in hexadecimal.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.root.Raw)
	return hex.EncodeToString(sum[:])
}

// makeRoot writes key and certificate as one file, which either is there whole or is not: the server and
// the command line may come at the same moment, and power may fail.
func makeRoot(file string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make key of the authority: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	shape := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Fengsui CA " + now.Format(time.DateOnly)},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(rootLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make authority: %w", err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("write key of the authority: %w", err)
	}
	var text bytes.Buffer
	for _, b := range []*pem.Block{{Type: "EC PRIVATE KEY", Bytes: secret}, {Type: "CERTIFICATE", Bytes: der}} {
		if err := pem.Encode(&text, b); err != nil {
			return fmt.Errorf("write key of the authority: %w", err)
		}
	}
	temp, err := os.CreateTemp(filepath.Dir(file), "ca-*")
	if err != nil {
		return fmt.Errorf("write key of the authority: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(text.Bytes())
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write key of the authority: %w", err)
	}
	// CreateTemp makes the file 0600. A link fails when another was first; then that one counts.
	if err := os.Link(temp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write key of the authority: %w", err)
	}
	return nil
}

func parseRoot(text []byte) (*Authority, error) {
	a := &Authority{}
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		switch block.Type {
		case "EC PRIVATE KEY":
			key, err := x509.ParseECPrivateKey(block.Bytes)
			if err != nil {
				return nil, err
			}
			a.key = key
		case "CERTIFICATE":
			root, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			a.root, a.rootPEM = root, string(pem.EncodeToMemory(block))
		}
	}
	if a.root == nil || a.key == nil {
		return nil, errors.New("key or certificate is missing")
	}
	if public, ok := a.root.PublicKey.(*ecdsa.PublicKey); !ok || !public.Equal(a.key.Public()) {
		return nil, errors.New("key and certificate do not belong together")
	}
	return a, nil
}

func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	return serial.Add(serial, big.NewInt(1)), nil
}

// PEM is the authority's certificate.
func (a *Authority) PEM() string { return a.rootPEM }

// Issue makes the certificate of an edge.
func (a *Authority) Issue(edge string, public any, now time.Time) (string, Certificate, error) {
	shape := &x509.Certificate{
		Subject:  pkix.Name{CommonName: edge},
		NotAfter: now.Add(edgeLife), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if a.ListURL != "" {
		shape.CRLDistributionPoints = []string{a.ListURL}
	}
	cert, err := a.sign(shape, public, now)
	if err != nil {
		return "", Certificate{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	return string(text), Certificate{Serial: serialOf(cert), NotBefore: cert.NotBefore.UTC(), NotAfter: cert.NotAfter.UTC()}, nil
}

func (a *Authority) sign(shape *x509.Certificate, public any, now time.Time) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	shape.SerialNumber, shape.NotBefore = serial, now.Add(-backdate)
	shape.KeyUsage, shape.BasicConstraintsValid = x509.KeyUsageDigitalSignature, true
	if shape.NotAfter.After(a.root.NotAfter) {
		shape.NotAfter = a.root.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, shape, a.root, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// verify checks that the authority has signed the certificate for a client and that it is its time.
func (a *Authority) verify(cert *x509.Certificate, now time.Time) error {
	_, err := cert.Verify(x509.VerifyOptions{
		Roots: a.pool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

func (a *Authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// ServerTLS is the settings of the MQTT listener. A client may come without a certificate (a simple
// sensor with its token); one that shows a certificate must have it from this authority.
func (a *Authority) ServerTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		ClientAuth: tls.VerifyClientCertIfGiven,
		ClientCAs:  a.pool(),
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.serverCertificate(time.Now())
		},
	}
}

// serverCertificate makes the listener's certificate at the first connection and anew when a third of
// its life is left. Its key lives in memory only.
func (a *Authority) serverCertificate(now time.Time) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil && now.Before(a.server.Leaf.NotAfter.Add(-serverLife/3)) && now.After(a.server.Leaf.NotBefore) {
		return a.server, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key of the listener: %w", err)
	}
	shape := &x509.Certificate{
		Subject:  pkix.Name{CommonName: a.names[0]},
		NotAfter: now.Add(serverLife), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range a.names {
		if ip := net.ParseIP(n); ip != nil {
			shape.IPAddresses = append(shape.IPAddresses, ip)
		} else {
			shape.DNSNames = append(shape.DNSNames, n)
		}
	}
	cert, err := a.sign(shape, key.Public(), now)
	if err != nil {
		return nil, err
	}
	a.server = &tls.Certificate{Certificate: [][]byte{cert.Raw, a.root.Raw}, PrivateKey: key, Leaf: cert}
	return a.server, nil
}

// allNames adds what this machine is called anyway to the configured names.
func allNames(names []string) []string {
	out := slices.Clone(names)
	if host, err := os.Hostname(); err == nil {
		out = append(out, host)
	}
	out = append(out, "localhost", "127.0.0.1", "::1")
	if addrs, err := net.InterfaceAddrs(); err == nil {
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
				out = append(out, n.IP.String())
			}
		}
	}
	var once []string
	for _, n := range out {
		if n != "" && !slices.Contains(once, n) {
			once = append(once, n)
		}
	}
	return once
}

// maxRequest is the most bytes a certificate request may have.
const maxRequest = 8 << 10

// parseRequest reads a certificate request and checks that its sender holds the key: ECDSA P-256 only.
func parseRequest(text string) (*x509.CertificateRequest, error) {
	if len(text) > maxRequest {
		return nil, errors.New("too large")
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("not one certificate request in PEM form")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, errors.New("not a PKCS #10 request")
	}
	if key, ok := csr.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("the key must be ECDSA P-256")
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, errors.New("its signature is wrong")
	}
	return csr, nil
}

func serialOf(cert *x509.Certificate) string { return fmt.Sprintf("%032x", cert.SerialNumber) }
