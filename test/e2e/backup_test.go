package e2e

import (
	"archive/tar"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

func TestBackupOfARunningCentreComesBackWhole(t *testing.T) {
	t.Parallel()
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
	file := filepath.Join(t.TempDir(), "backup.tar")
	harness.Run(t, p.Central, "backup", file, "--config", c.Config)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the backup holds keys and must be readable by its owner alone: %v, %v", info.Mode(), err)
	}

	private(t, file, "ca/ca.key")
	if err := c.Admin.Call(http.MethodGet, "/session", nil, nil); err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(harness.Run(t, p.Central, "token", "create", "--user", "admin", "--config", c.Config))
	harness.Run(t, p.Central, "backup", file, "--force", "--config", c.Config)

	other := harness.NewCentre(t, p, harness.CentreOptions{})
	said := harness.Run(t, p.Central, "restore", file, "--config", other.Config)
	for _, want := range []string{"has to sign in again", "API token", "certificate of terminal edge-a"} {
		if !strings.Contains(said, want) {
			t.Errorf("the restore does not say %q: %s", want, said)
		}
	}
	other.Start(t)
	other.Ready(t)
	old := *c.Admin
	old.URL = other.URL
	problem(t, old.Call(http.MethodGet, "/session", nil, nil), http.StatusUnauthorized)
	machine, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.URL+"/api/v1/users", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	machine.Header.Set("Authorization", "Bearer "+token)
	if answer, err := http.DefaultClient.Do(machine); err != nil || answer.Body.Close() != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the API token that the restore names: %v, %v", answer, err)
	}
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

// private looks for a file in a backup that only its owner may read when it is unpacked.
func private(t *testing.T, backup, name string) {
	t.Helper()
	f, err := os.Open(backup)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatalf("look for %s: %v", name, err)
		}
		if h.Name != name {
			continue
		}
		if h.Mode&0o077 != 0 {
			t.Errorf("%s is %o in the backup", name, h.Mode)
		}
		return
	}
}

func TestARestoreThatIsCutOffIsRefusedAndFinished(t *testing.T) {
	t.Parallel()
	p := harness.Build(t)
	c := harness.StartCentre(t, p, harness.CentreOptions{})
	file := filepath.Join(t.TempDir(), "backup.tar")
	harness.Run(t, p.Central, "backup", file, "--config", c.Config)

	other := harness.NewCentre(t, p, harness.CentreOptions{})
	harness.Run(t, p.Central, "restore", file, "--config", other.Config)
	data := filepath.Join(other.Dir, "data")
	// As a kill leaves it that came after the database and before the authority.
	if err := os.RemoveAll(filepath.Join(data, "ca")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "restore.unfinished"), []byte(file+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"serve", "migrate"} {
		if _, said, err := harness.Output(p.Central, command, "--config", other.Config); err == nil || !strings.Contains(said, "was cut off") {
			t.Errorf("%s: %v, %s", command, err, said)
		}
	}
	harness.Run(t, p.Central, "restore", file, "--config", other.Config)
	other.Start(t)
	other.Ready(t)
	other.LoginAs(t, "admin", c.AdminPassword())
}

// As installed, the centre runs as a user of its own, who may write nowhere but in its data folder, and
// whoever administers the machine is root.
func TestRootBacksUpAndRestoresACentreOfAnotherUser(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	p := harness.Build(t)
	c := foreignCentre(t, p)
	c.Boot(t)
	vault := t.TempDir() // root's alone
	if err := os.Chmod(vault, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(vault, "backup.tar")
	harness.Run(t, p.Central, "backup", file, "--config", c.Config)
	if _, said, err := harness.Output(p.Central, "backup", file, "--config", c.Config); err == nil || !strings.Contains(said, "--force") {
		t.Errorf("a second backup went over the first: %v, %s", err, said)
	}
	harness.Run(t, p.Central, "backup", file, "--force", "--config", c.Config)
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	harness.Run(t, p.Central, "backup", file, "--force", "--config", c.Config)
	left, err := filepath.Glob(filepath.Join(vault, ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left beside the backup: %v, %v", left, err)
	}
	c.Restart(t) // what root did to the stopped centre is no hindrance
	if err := c.Stop(); err != nil {
		t.Error(err)
	}

	other := foreignCentre(t, p)
	harness.Run(t, p.Central, "restore", file, "--config", other.Config)
	other.Start(t)
	other.Ready(t)
	other.LoginAs(t, "admin", c.AdminPassword())
}

// foreignCentre is a centre that runs as another user.
func foreignCentre(t *testing.T, p harness.Programs) *harness.Centre {
	t.Helper()
	const nobody = 65534
	c := harness.NewCentre(t, p, harness.CentreOptions{})
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	profiles, basemap, data := filepath.Join(c.Dir, "profiles"), filepath.Join(c.Dir, "map"), filepath.Join(c.Dir, "data")
	program, err := os.ReadFile(p.Central) // the folder it lies in may be closed to the other user
	if err != nil {
		t.Fatal(err)
	}
	c.Path = filepath.Join(c.Dir, "fengsui-central")
	for _, err := range []error{
		os.WriteFile(c.Path, program, 0o755), os.Chmod(filepath.Dir(c.Dir), 0o755), os.Chmod(c.Config, 0o644), //nolint:gosec // for the other user
		os.CopyFS(profiles, os.DirFS(filepath.Join(root, "firmware-configs"))), os.Mkdir(basemap, 0o755), //nolint:gosec // as above
		os.Mkdir(data, 0o750), os.Chown(data, nobody, nobody),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c.User, c.Env = nobody, []string{"FENGSUI_FIRMWARE_CONFIGS=" + profiles, "FENGSUI_BASEMAP=" + basemap}
	return c
}

// A centre that goes back to last night's backup asks its terminals again for what came since.
func TestTerminalFillsWhatABackupDoesNotHold(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	d := newDesk(t, counting)
	d.arrived(t, start, 4)
	file := filepath.Join(t.TempDir(), "backup.tar")
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
