package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/app"
	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/hj212"
	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

// answer sends text on a new connection, again until it is answered as often as wanted.
func answer(t *testing.T, address, text string, lines int) {
	t.Helper()
	wait(t, "the station is answered", func() bool {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		defer c.Close()
		_, _ = io.WriteString(c, text)
		_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
		in := bufio.NewReader(c)
		for range lines {
			if _, err := in.ReadString('\n'); err != nil {
				return false
			}
		}
		return true
	})
}

// copyData is what a kill leaves: the files as they are at this moment.
func copyData(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o750); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(from, "outbox.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no outbox: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStationThatSendsAgainAfterTheAgentWasKilledIsKeptOnce(t *testing.T) {
	address := testserver.FreeAddr(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("123456\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := write(t, "sensors:\n  - {id: outfall, name: 排口, profile: hj212-waste-water, address: '"+address+"', station: A1, secret_file: "+secret+"}\n")
	start := func(file string) *app.Agent {
		a, err := app.Start(t.Context(), app.Options{ConfigFile: file, Log: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	at := time.Now().Add(-time.Hour).In(hj212.China())
	packet := func(i int) string {
		when := at.Add(time.Duration(i) * time.Minute).Format("20060102150405")
		p := hj212.Packet{
			QN: when + "000", ST: "32", CN: hj212.Realtime, PW: "123456", MN: "A1", Flag: 5,
			CP: fmt.Sprintf("DataTime=%s;w01001-Rtd=7.%d,w01001-Flag=N;w01018-Rtd=4%d,w01018-Flag=N", when, i, i),
		}
		raw, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	a := start(file)
	answer(t, address, packet(0)+packet(1), 2)
	// The agent is killed when packet 2 is durable; nobody saw the answer. What is on its disk now is what
	// the next one finds.
	answer(t, address, packet(2), 1)
	killed := filepath.Join(t.TempDir(), "data")
	copyData(t, filepath.Join(filepath.Dir(file), "data"), killed)
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(t.TempDir(), "edge.yml")
	if err := os.WriteFile(next, []byte(strings.Replace(string(text), filepath.Dir(file)+"/data", killed, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	b := start(next)
	answer(t, address, packet(2)+packet(3), 2)
	answer(t, address, packet(3), 1)
	s := status(t, b.Addr()).Sensors[0]
	if !s.OK || s.Faults["duplicate"] < 2 {
		t.Errorf("the sensor is %+v", s)
	}
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	box, err := outbox.Open(t.Context(), outbox.Options{File: filepath.Join(killed, "outbox.db"), GraceSize: 1 << 20, Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	seen := map[string]int{}
	for from := uint64(0); ; {
		block, err := box.Next(t.Context(), wire.LaneTelemetry, from, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		if block == nil {
			break
		}
		batch, err := wire.Decode(block.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch.Readings {
			seen[fmt.Sprintf("%s %v", r.Property, r.Value)]++
		}
		from = batch.SeqTo + 1
	}
	for i := range 4 {
		for _, want := range []string{fmt.Sprintf("ph 7.%d", i), fmt.Sprintf("cod 4%d", i)} {
			if want = strings.Replace(want, "7.0", "7", 1); seen[want] != 1 {
				t.Errorf("%s is kept %d times", want, seen[want])
			}
		}
	}
	if len(seen) != 8 {
		t.Errorf("kept %v", seen)
	}
}
