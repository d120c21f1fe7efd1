package diagnose

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/shared/wire"
)

func read(t *testing.T, packed []byte) string {
	t.Helper()
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	text, err := d.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func desk(questions map[string]Question) *Desk {
	return &Desk{Questions: questions, Secrets: func() []string { return []string{"hunter22"} }, Log: slog.New(slog.DiscardHandler)}
}

func (d *Desk) ask(t *testing.T, ask wire.Diagnose) ([]byte, error) {
	t.Helper()
	body, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	return d.Answer(t.Context(), body)
}

func TestOnlyWhatIsInTheListIsDone(t *testing.T) {
	done := 0
	d := desk(map[string]Question{
		"clock":  func(context.Context, wire.Diagnose) (any, error) { done++; return map[string]int{"a": 1}, nil },
		"driver": func(context.Context, wire.Diagnose) (any, error) { done++; return "", nil },
		"shell":  func(context.Context, wire.Diagnose) (any, error) { done++; return "", nil },
	})
	for _, body := range []string{
		``, `[]`, `{"name":"shell"}`, `{"name":"clock","run":"id"}`, `{"name":"clock","device":"x"}`, `{"name":"driver"}`,
		`{"name":"clock","lines":501}`, `{"name":"clock","lines":-1}`, `{"name":"log"}`, `{"name":"../status"}`,
	} {
		if _, err := d.Answer(t.Context(), json.RawMessage(body)); err == nil {
			t.Errorf("%s was answered", body)
		}
	}
	if done != 0 {
		t.Errorf("%d things were done", done)
	}
	packed, err := d.ask(t, wire.Diagnose{Name: "clock"})
	if err != nil || !strings.Contains(read(t, packed), `"a": 1`) {
		t.Errorf("%v, %q", err, packed)
	}
}

func TestAQuestionInALoopIsRefused(t *testing.T) {
	d := desk(map[string]Question{"clock": func(context.Context, wire.Diagnose) (any, error) { return "", nil }})
	refused := 0
	for range perMinute + 5 {
		if _, err := d.ask(t, wire.Diagnose{Name: "clock"}); errors.Is(err, ErrTooOften) {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d were refused, want 5", refused)
	}
}

func TestAFailureOfAQuestionIsItsAnswer(t *testing.T) {
	d := desk(map[string]Question{
		"clock": func(context.Context, wire.Diagnose) (any, error) { panic("hunter22 is no clock") },
		"disk": func(context.Context, wire.Diagnose) (any, error) {
			return nil, errors.New("rtsp://u:hunter22@cam fails")
		},
	})
	for _, name := range []string{"clock", "disk"} {
		if _, err := d.ask(t, wire.Diagnose{Name: name}); err == nil || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnswersKeepTheirBounds(t *testing.T) {
	noise := make([]byte, 256<<10)
	for i := range noise {
		noise[i] = byte(rand.N(256))
	}
	text := hex.EncodeToString(noise) + "end"
	sparing := false
	d := desk(map[string]Question{
		"log":   func(context.Context, wire.Diagnose) (any, error) { return text, nil },
		"clock": func(context.Context, wire.Diagnose) (any, error) { return text, nil },
		"heap":  func(context.Context, wire.Diagnose) (any, error) { return "short", nil },
	})
	d.Sparing = func() bool { return sparing }
	packed, err := d.ask(t, wire.Diagnose{Name: "log"})
	if got := read(t, packed); err != nil || len(packed) > wire.MaxAnswer || len(packed) < wire.MaxAnswer/2 || !strings.HasSuffix(got, "end") || !strings.HasPrefix(got, cutSign) {
		t.Errorf("log: %v, %d bytes", err, len(packed))
	}
	packed, err = d.ask(t, wire.Diagnose{Name: "clock"})
	if got := read(t, packed); err != nil || len(packed) > 2<<10 || !strings.HasSuffix(got, cutSign) {
		t.Errorf("clock: %v, %d bytes", err, len(packed))
	}
	sparing = true
	if packed, err = d.ask(t, wire.Diagnose{Name: "log"}); err != nil || len(packed) > spareMost {
		t.Errorf("sparing: %v, %d bytes", err, len(packed))
	}
	if packed, err = d.ask(t, wire.Diagnose{Name: "heap"}); err != nil || read(t, packed) != "short" {
		t.Errorf("short: %v, %q", err, packed)
	}
}

func TestLinesAreTheLastAndBounded(t *testing.T) {
	l := &Lines{}
	log := slog.New(slog.NewTextHandler(l, nil))
	for i := range 2000 {
		log.Info("line", "n", i)
	}
	got := strings.Split(l.Last(wire.MaxLogLines), "\n")
	if len(got) != wire.MaxLogLines || !strings.HasSuffix(got[len(got)-1], "n=1999") {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
	if got := l.Last(2); strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
	for range 1000 {
		log.Info("long", "text", strings.Repeat("x", 5000))
	}
	if got := l.Last(wire.MaxLogLines); len(got) > maxBytes+wire.MaxLogLines {
		t.Errorf("%d bytes are kept", len(got))
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	secret := "S3cr3t-9!"
	for _, text := range []string{
		secret, hex.EncodeToString([]byte(secret)), "rtsp://viewer:" + secret + "@10.0.0.1/1", `level=WARN password=` + secret,
		`{"token":"` + secret + `"}`, `{\"api_key\":\"` + secret + `\"}`, "Authorization: Bearer " + secret, "ST=21;PW=" + secret + ";MN=1",
		"community = " + secret, "-----BEGIN EC PRIVATE KEY-----\n" + secret + "\n-----END EC PRIVATE KEY-----",
	} {
		if got := Redact(text, []string{secret}); strings.Contains(got, secret) || strings.Contains(got, hex.EncodeToString([]byte(secret))) {
			t.Errorf("%q became %q", text, got)
		}
		if strings.Contains(text, "=") || strings.Contains(text, ":") {
			if got := Redact(text, nil); strings.Contains(got, secret) {
				t.Errorf("without knowing it, %q became %q", text, got)
			}
		}
	}
	if got := Redact(`level=INFO msg="device answers" sensor=rd-1`, []string{"", "abc"}); got != `level=INFO msg="device answers" sensor=rd-1` {
		t.Errorf("got %q", got)
	}
}

const routes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
	"eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n" +
	"eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\nrubbish\nppp0\tzz\tzz\t1\t0\t0\t0\tzz\n"

func TestRoutesAreRead(t *testing.T) {
	got := Routes(strings.NewReader(routes))
	want := []Route{{"eth0", "0.0.0.0/0", "192.168.1.1", "100"}, {"eth0", "192.168.1.0/24", "", "100"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func FuzzRoutes(f *testing.F) {
	f.Add(routes)
	f.Add("a\nb 0 0 0 0 0 0 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := Routes(strings.NewReader(text)); len(got) > maxRoutes {
			t.Errorf("%d routes", len(got))
		}
	})
}

func TestTheMachineIsSeen(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "outbox.db"), []byte("123"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d := LookAtDisk(dir); d.Error != "" || d.Bytes == 0 || len(d.Files) != 1 || d.Files[0].Bytes != 3 {
		t.Errorf("got %+v", d)
	}
	if d := LookAtDisk(filepath.Join(dir, "none")); d.Error == "" {
		t.Error("a folder that is not there was seen")
	}
	file := filepath.Join(dir, "signal")
	if err := os.WriteFile(file, []byte(strings.Repeat("-71 dBm\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := ReadSignal(t.Context(), file, nil); s.Error != "" || !strings.HasPrefix(s.Text, "-71 dBm") || len(s.Text) > maxSignal {
		t.Errorf("got %+v", s)
	}
	if s := ReadSignal(t.Context(), "", []string{"/bin/sh", "-c", "echo RSSI -71; exit 3"}); s.Text != "RSSI -71" || s.Error == "" {
		t.Errorf("got %+v", s)
	}
	if s := ReadSignal(t.Context(), "", nil); s != nil {
		t.Errorf("got %+v", s)
	}
	for _, name := range []string{"goroutine", "heap"} {
		if text, err := Profile(name); err != nil || !strings.Contains(text, "profile") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := Interfaces(); err != nil || len(list) == 0 {
		t.Errorf("%v, %v", list, err)
	}
	if l := Resolve(t.Context(), "127.0.0.1"); l.Error != "" || len(l.Addresses) != 1 {
		t.Errorf("got %+v", l)
	}
}
