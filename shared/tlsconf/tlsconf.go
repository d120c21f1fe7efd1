// Package tlsconf turns certificate files into TLS settings. Both programs use it. Rule that must never
// break: an unreadable or mismatched file is an error that names the file, never a silent fallback.
package tlsconf

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// Pair loads a certificate with its key.
func Pair(certFile, keyFile string) (tls.Certificate, error) {
	for _, f := range []string{certFile, keyFile} {
		if _, err := os.ReadFile(f); err != nil {
			return tls.Certificate{}, fmt.Errorf("read %s: %w", f, err)
		}
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("load certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return pair, nil
}

// Pool loads the certificates of a PEM file.
func Pool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read %s: no certificate in PEM form", file)
	}
	return pool, nil
}

// Fingerprint is the SHA-256 of the first certificate of a PEM text, in hexadecimal.
func Fingerprint(text []byte) (string, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return "", errors.New("take fingerprint: no certificate in PEM form")
	}
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:]), nil
}

// Server is the settings of a listener with the given certificate.
func Server(pair tls.Certificate) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
}

// Client is the settings of a caller; a nil pool means the system's.
func Client(pool *x509.CertPool, pairs ...tls.Certificate) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: pairs}
}
