package snmp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/drivertest"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

// The objects that the real agent is told to have.
const (
	integer = "1.3.6.1.4.1.8072.9999.1.0"
	text    = "1.3.6.1.4.1.8072.9999.2.0"
	words   = "1.3.6.1.4.1.8072.9999.3.0"
	none    = "1.3.6.1.4.1.8072.9999.9.0"
	uptime  = "1.3.6.1.2.1.1.3.0"
)

// agent is a real snmpd.
func agent(t *testing.T) string {
	t.Helper()
	program, dir, address := testserver.Program(t, "snmpd"), t.TempDir(), testserver.FreeAddr(t)
	conf := filepath.Join(dir, "snmpd.conf")
	lines := fmt.Sprintf(`rocommunity word 127.0.0.1
createUser reader SHA-256 "authword1" AES "privword1"
createUser open SHA-512 "authword2"
rouser reader priv
rouser open auth
override %s integer 4120
override %s octet_str "12.61"
override %s octet_str "on battery"
`, integer, text, words)
	if err := os.WriteFile(conf, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-f", "-LF", "w", filepath.Join(dir, "log"), "-C", "-c", conf, "-I", "-smux", "udp:"+address)
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+dir, "SNMPCONFPATH="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	d := ask(t, address, "", "word", profile.SNMPSection{Version: profile.V2C}, uptime)
	drivertest.Until(t, "snmpd answers", func() bool { _, err := d.Read(t.Context()); return err == nil })
	return address
}

func ask(t *testing.T, address, user, secret string, s profile.SNMPSection, oids ...string) driver.Reader {
	t.Helper()
	for _, oid := range oids {
		s.Objects = append(s.Objects, profile.SNMPObject{Property: oid, OID: oid, Scale: 1})
	}
	if len(oids) > 0 && oids[0] == integer {
		s.Objects[0].Scale = 0.001
	}
	d, err := Open(driver.Options{ID: "d", Address: address, Station: user, Secret: secret, Profile: &profile.Profile{ID: "p", Timeout: strict.Duration(time.Second), SNMP: &s}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d.(driver.Reader)
}

func TestRealAgentIsRead(t *testing.T) {
	address := agent(t)
	for _, c := range []struct {
		name, user, secret string
		s                  profile.SNMPSection
	}{
		{"v2c", "", "word", profile.SNMPSection{Version: profile.V2C}},
		{"v3 with privacy", "reader", "authword1\nprivword1", profile.SNMPSection{Version: profile.V3, Auth: "sha256", Privacy: "aes"}},
		{"v3 without", "open", "authword2", profile.SNMPSection{Version: profile.V3, Auth: "sha512", Privacy: "none"}},
	} {
		got, err := ask(t, address, c.user, c.secret, c.s, integer, text, none, uptime).Read(t.Context())
		if err != nil || len(got) != 3 || got[0].Value != 4.12 || got[1].Value != 12.61 || got[2].Property != uptime || got[0].Quality != wire.Good {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
	if _, err := ask(t, address, "", "word", profile.SNMPSection{Version: profile.V2C}, none).Read(t.Context()); !errors.Is(err, driver.ErrNoValue) {
		t.Errorf("an object that is not there: %v", err)
	}
	got, err := ask(t, address, "", "word", profile.SNMPSection{Version: profile.V2C}, words, text).Read(t.Context())
	if f := driver.FaultOf(err); len(got) != 1 || f == nil || f.Kind != driver.KindMalformed || string(f.Raw) != "on battery" {
		t.Errorf("a text that is no number: %+v, %v", got, err)
	}
	var many []string
	for i := range 45 {
		many = append(many, fmt.Sprintf("1.3.6.1.4.1.8072.9999.9.%d", i))
	}
	if got, err := ask(t, address, "", "word", profile.SNMPSection{Version: profile.V2C}, append(many, uptime)...).Read(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("46 objects: %+v, %v", got, err)
	}
}

func TestAgentThatRefusesOrIsSilent(t *testing.T) {
	address := agent(t)
	v3 := profile.SNMPSection{Version: profile.V3, Auth: "sha256", Privacy: "aes"}
	for _, c := range []struct{ user, secret string }{{"reader", "authword9\nprivword1"}, {"nobody", "authword1"}} {
		_, err := ask(t, address, c.user, c.secret, v3, uptime).Read(t.Context())
		if f := driver.FaultOf(err); f == nil || f.Kind != driver.KindDenied {
			t.Errorf("%s: %v", c.user, err)
		}
	}
	if _, err := ask(t, address, "", "wort", profile.SNMPSection{Version: profile.V2C}, uptime).Read(t.Context()); !errors.Is(err, driver.ErrTimeout) {
		t.Errorf("wrong community is silence: %v", err)
	}
	if _, err := ask(t, testserver.FreeAddr(t), "", "word", profile.SNMPSection{Version: profile.V2C}, uptime).Read(t.Context()); !errors.Is(err, driver.ErrTimeout) && !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("nobody: %v", err)
	}
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	go func() {
		b := make([]byte, 1500)
		for {
			_, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = c.WriteTo([]byte("not SNMP"), from)
		}
	}()
	if _, err := ask(t, c.LocalAddr().String(), "", "word", profile.SNMPSection{Version: profile.V2C}, uptime).Read(t.Context()); err == nil {
		t.Error("nonsense was read")
	}
}

func TestDeviceThatCannotBeAskedIsRefused(t *testing.T) {
	for _, c := range []struct {
		address, user, secret string
		s                     *profile.SNMPSection
	}{
		{"127.0.0.1:161", "", "", &profile.SNMPSection{Version: profile.V2C}},
		{"127.0.0.1:snmp", "", "word", &profile.SNMPSection{Version: profile.V2C}},
		{"127.0.0.1", "", "word", &profile.SNMPSection{Version: profile.V2C}},
		{"127.0.0.1:161", "", "authword1", &profile.SNMPSection{Version: profile.V3, Auth: "sha"}},
		{"127.0.0.1:161", "u", "short", &profile.SNMPSection{Version: profile.V3, Auth: "sha"}},
		{"127.0.0.1:161", "u", "word", nil},
	} {
		if _, err := Open(driver.Options{ID: "d", Address: c.address, Station: c.user, Secret: c.secret, Profile: &profile.Profile{SNMP: c.s}}); err == nil || !strings.Contains(err.Error(), "open d") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("0\x26\x02\x01\x01\x04\x06public\xa2\x19\x02\x01\x01\x02\x01\x00\x02\x01\x000\x0e0\x0c\x06\x08+\x06\x01\x02\x01\x01\x03\x00C\x01\x05"))
	f.Add([]byte{0x30})
	objects := []profile.SNMPObject{{Property: "a", OID: uptime, Scale: 1}}
	f.Fuzz(func(t *testing.T, packet []byte) {
		c := &gosnmp.GoSNMP{Version: gosnmp.Version2c}
		p, err := c.SnmpDecodePacket(packet)
		if err != nil || p == nil {
			return
		}
		if got, err := decode(objects, p); err == nil && len(got) > 1 {
			t.Errorf("%d values of one object", len(got))
		}
	})
}
