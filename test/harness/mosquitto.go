package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
)

// Mosquitto is a running Mosquitto with the configuration and the access list of deploy/mosquitto.
type Mosquitto struct {
	*Process
	Dir   string
	TLS   string // for terminals
	Plain string // for the centre and simple sensors
}

// MosquittoCentre is the name by which the centre knows itself to Mosquitto; MosquittoPassword is its password.
const (
	MosquittoCentre   = "fengsui-centre"
	MosquittoPassword = "secret-1"
)

// ExistingBroker makes a centre that was not booted yet a client of a Mosquitto, which is started. Its
// certificate comes from the centre's authority, as terminals want it.
func ExistingBroker(t TB, c *Centre) *Mosquitto {
	t.Helper()
	c.EnrolFlags(t, "edge-nobody") // makes the authority
	m := &Mosquitto{Dir: t.TempDir(), TLS: testserver.FreeAddr(t), Plain: testserver.FreeAddr(t)}
	authority, err := os.ReadFile(filepath.Join(c.Dir, "data", "ca", "ca.key"))
	must(t, err, "read the authority of the centre")
	must(t, m.certificates(authority), "make the certificate of Mosquitto")
	m.write(t, "passwords", "")
	Run(t, tool(t, "mosquitto_passwd"), "-b", filepath.Join(m.Dir, "passwords"), MosquittoCentre, MosquittoPassword)
	m.write(t, "password", MosquittoPassword)
	root, err := Root()
	must(t, err, "find the repository")
	_, tlsPort, _ := net.SplitHostPort(m.TLS)
	_, plainPort, _ := net.SplitHostPort(m.Plain)
	for _, name := range []string{"acl", "mosquitto.conf"} {
		text, err := os.ReadFile(filepath.Join(root, "deploy", "mosquitto", name))
		must(t, err, "read deploy/mosquitto")
		// The centre writes its list of revoked certificates only when it runs, and here it comes later.
		set := strings.NewReplacer("crlfile ", "# crlfile ", "/etc/mosquitto/fengsui", m.Dir, "/var/lib/mosquitto/", m.Dir+"/",
			"listener 8883", "listener "+tlsPort+" 127.0.0.1", "listener 1883", "listener "+plainPort).Replace(string(text))
		if name == "mosquitto.conf" && os.Getuid() == 0 {
			set += "\nuser root\n"
		}
		m.write(t, name, set)
	}
	m.Process = &Process{Name: "mosquitto", Path: tool(t, "mosquitto"), Args: []string{"-c", filepath.Join(m.Dir, "mosquitto.conf")}, Dir: m.Dir}
	m.Again(t)
	c.Env = append(c.Env, "FENGSUI_MQTT_ENGINE=external", "FENGSUI_MQTT_EXTERNAL_URL=tcp://"+m.Plain,
		"FENGSUI_MQTT_EXTERNAL_USER="+MosquittoCentre, "FENGSUI_MQTT_EXTERNAL_PASSWORD_FILE="+filepath.Join(m.Dir, "password"))
	return m
}

// Again starts it and waits until it listens.
func (m *Mosquitto) Again(t TB) {
	t.Helper()
	m.Start(t)
	WaitFor(t, time.Minute, "mosquitto listens", func() error {
		conn, err := (&net.Dialer{}).Dial("tcp", m.Plain)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// Sensor lets a simple sensor in by its name and token.
func (m *Mosquitto) Sensor(t TB, id, token string) {
	t.Helper()
	Run(t, tool(t, "mosquitto_passwd"), "-b", filepath.Join(m.Dir, "passwords"), id, token)
	m.signal(syscall.SIGHUP) // it reads the passwords again
}

func (m *Mosquitto) write(t TB, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(m.Dir, name), []byte(text), 0o600), "write "+name)
}

// certificates writes the centre's certificate, and one of the broker that it has signed.
func (m *Mosquitto) certificates(authority []byte) error {
	var key *ecdsa.PrivateKey
	var ca *x509.Certificate
	for block, rest := pem.Decode(authority); block != nil; block, rest = pem.Decode(rest) {
		var err error
		if block.Type == "CERTIFICATE" {
			ca, err = x509.ParseCertificate(block.Bytes)
		} else {
			key, err = x509.ParseECPrivateKey(block.Bytes)
		}
		if err != nil {
			return err
		}
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	shape := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "mosquitto"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, shape, ca, own.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"centre-ca.pem": {Type: "CERTIFICATE", Bytes: ca.Raw}, "server.pem": {Type: "CERTIFICATE", Bytes: der}, "server-key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(m.Dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// tool finds a program of Debian, which may lie where only root looks.
func tool(t TB, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Fatalf("%s", fmt.Sprintf("%s is missing; test/prepare.sh installs it", name))
	return ""
}
