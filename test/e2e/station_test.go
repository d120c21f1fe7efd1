package e2e

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/test/harness"
)

// TestStationsThatDialInLoseAndDoubleNothingWhenTheTerminalIsKilled has two stations count their messages
// to a terminal that is killed at random moments, many of them between the commit and the answer.
func TestStationsThatDialInLoseAndDoubleNothingWhenTheTerminalIsKilled(t *testing.T) {
	t.Parallel()
	p := harness.Build(t)
	water, river := testserver.FreeAddr(t), testserver.FreeAddr(t)
	field := harness.StartField(t, p, fmt.Sprintf(`
stations:
  - id: outfall
    dial: %s
    profile: hj212-waste-water
    station: 010000A8900016F000169DC0
    password: "123456"
    every: 100ms
    step: 15s
    values:
      cod: {shape: counter, value: 1}
  - id: river
    dial: %s
    profile: sl651-river
    station: "0011223344"
    password: 03E8
    every: 300ms
    step: 1m
    values:
      water_level: {shape: counter, value: 1}
`, water, river))
	c := harness.StartCentre(t, p, harness.CentreOptions{})
	e := harness.NewEdge(t, c, field, "edge-stations", c.TLS)
	secrets := map[string]string{"outfall": "123456", "river": "03E8"}
	for name, secret := range secrets {
		if err := os.WriteFile(filepath.Join(e.Dir, name), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(e.Config)
	if err != nil {
		t.Fatal(err)
	}
	sensors := fmt.Sprintf("sensors:\n"+
		"  - {id: outfall, name: 演示数据, profile: hj212-waste-water, address: %s, station: 010000A8900016F000169DC0, secret_file: outfall}\n"+
		"  - {id: river, name: 演示数据, profile: sl651-river, address: %s, station: \"0011223344\", secret_file: river}\n", water, river)
	if err := os.WriteFile(e.Config, []byte(strings.Replace(string(text), "sensors:\n", sensors, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.EnrolEdge(t, "edge-stations", e.Config)
	e.Start(t)
	random := rand.New(rand.NewPCG(3, 4))
	for range 6 {
		before := field.State(t).Acked
		harness.WaitFor(t, 2*soon, "stations are answered before the next blow", func() error {
			now := field.State(t).Acked
			if now["outfall"] < before["outfall"]+5 || now["river"] < before["river"]+2 {
				return fmt.Errorf("answered %v, before %v", now, before)
			}
			return nil
		})
		waitRandom(random)
		e.Kill9()
		e.Start(t)
	}
	from := time.Now().Add(-13 * time.Hour)
	for _, s := range []struct{ device, property string }{{"outfall", "cod"}, {"river", "water_level"}} {
		made := int64(field.State(t).Made[s.device]) //nolint:gosec // small
		harness.WaitFor(t, 2*soon, s.device+" is stored", func() error {
			if n := counted(t, c.Admin, s.device, s.property, from); n < made {
				return fmt.Errorf("%d of %d", n, made)
			}
			return nil
		})
		// Buckets are narrower than the step of the stations: each holds one message, and each message is
		// one more than the one before.
		for i, b := range series(t, c.Admin, s.device, s.property, from) {
			if b.Count != 1 || math.Round(b.Last) != float64(i+1) {
				t.Fatalf("%s: reading %d is %v, %d times at %s", s.device, i+1, b.Last, b.Count, b.At)
			}
		}
	}
}
