package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

func TestBackupOfARunningCentreComesBackWhole(t *testing.T) {
	p := harness.Build(t)
	c := harness.StartCentre(t, p, harness.CentreOptions{})
	m := harness.EnrolTerminal(t, c, "edge-a", c.TLS, harness.Declared("s-1/level"))
	connected(t, m)
	base := time.Now().UnixMilli()
	for i := range int64(50) {
		if err := m.Send(one("s-1", base+i)); err != nil {
			t.Fatal(err)
		}
	}
	m.Settled(t, soon)
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	harness.Run(t, p.Central, "backup", file, "--config", c.Config)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the backup holds keys and must be readable by its owner alone: %v, %v", info.Mode(), err)
	}

	other := harness.NewCentre(t, p, harness.CentreOptions{})
	harness.Run(t, p.Central, "restore", file, "--config", other.Config)
	other.Start(t)
	other.Ready(t)
	other.Admin = other.LoginAs(t, "admin", c.AdminPassword())
	if got := other.Stats(t).Readings; got != 50 {
		t.Errorf("%d readings after the restore", got)
	}
	d, err := other.Admin.Device("edge-a")
	if err != nil || d.Cert == nil {
		t.Errorf("terminal after the restore: %+v, %v", d, err)
	}
	if _, _, err := harness.Output(p.Central, "restore", file, "--config", other.Config); err == nil {
		t.Error("a restore went over a folder that is in use")
	}
}

// A centre that goes back to last night's backup asks its terminals again for what came since.
func TestTerminalFillsWhatABackupDoesNotHold(t *testing.T) {
	start := time.Now().Add(-time.Minute)
	d := newDesk(t, counting)
	d.arrived(t, start, 4)
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	harness.Run(t, d.centre.Programs.Central, "backup", file, "--config", d.centre.Config)
	d.arrived(t, start, 4)
	before := d.values(t, start)
	d.centre.Kill9()
	data := filepath.Join(d.centre.Dir, "data")
	if err := os.Rename(data, data+".lost"); err != nil {
		t.Fatal(err)
	}
	harness.Run(t, d.centre.Programs.Central, "restore", file, "--config", d.centre.Config)
	d.centre.Restart(t)
	d.centre.Admin = d.centre.LoginAs(t, "admin", d.centre.AdminPassword())
	harness.WaitFor(t, 3*soon, "the terminal sends again what the backup does not hold", func() error {
		values := d.values(t, start)
		if len(values) < len(before) {
			return fmt.Errorf("%d of %d", len(values), len(before))
		}
		for i, v := range before {
			if values[i] != v {
				return fmt.Errorf("reading %d is %v, was %v", i, values[i], v)
			}
		}
		return nil
	})
	if err := d.centre.Admin.Call(http.MethodGet, "/session", nil, nil); err != nil {
		t.Errorf("session after the restore: %v", err)
	}
}
