package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/profile"
)

// TestWhatTheFormWritesOpensEveryProfile holds profile.Needs, by which the console's form asks, against what
// the agent takes.
func TestWhatTheFormWritesOpensEveryProfile(t *testing.T) {
	profiles, err := profile.LoadDir("../../firmware-configs/profiles")
	if err != nil || len(profiles) == 0 {
		t.Fatalf("%d profiles, %v", len(profiles), err)
	}
	v3 := *profiles["ups-rfc1628"]
	v3.SNMP = &profile.SNMPSection{Version: profile.V3, Auth: "sha256", Privacy: "aes", Objects: v3.SNMP.Objects}
	profiles["ups-v3"] = &v3
	for id, p := range profiles {
		t.Run(id, func(t *testing.T) {
			needs := p.Needs()
			if err := opened(t, p, needs); err != nil {
				t.Fatalf("with %v: %v", needs, err)
			}
			without := slices.DeleteFunc(slices.Clone(needs), func(n string) bool { return n == profile.NeedSecret || n == profile.MaySecret })
			err := opened(t, p, without)
			if wants := slices.Contains(needs, profile.NeedSecret); wants != (err != nil) || (wants && !strings.Contains(err.Error(), "secret_file")) {
				t.Errorf("with %v: %v", without, err)
			}
		})
	}
}

// opened writes what the form writes for these needs, takes it as the agent takes a document of the centre and
// opens the driver, which touches no network.
func opened(t *testing.T, p *profile.Profile, needs []string) error {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "edge.yml")
	text := "id: e\nrules: none\nfirmware_configs: " + dir + "\ndata: " + dir + "\ncentre:\n  url: http://127.0.0.1:8080\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	secret := map[string]string{profile.SL651: "03E8"}[p.Protocol]
	if secret == "" {
		secret = "not public"
	}
	if err := os.WriteFile(filepath.Join(dir, "secrets", "a.secret"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sensor := map[string]any{"id": "a", "profile": p.ID}
	for _, need := range needs {
		switch need {
		case profile.NeedSerial:
			sensor["address"] = "/dev/ttyS1"
		case profile.NeedNetwork:
			sensor["address"] = "192.168.1.10:502"
		case profile.NeedListen:
			sensor["address"] = ":9000"
		case profile.NeedPath:
			sensor["address"] = dir
		case profile.NeedUnit:
			sensor["unit"] = 1
		case profile.NeedStation:
			sensor["station"] = map[string]string{profile.HTTPPush: "/a", profile.SL651: "0011223344"}[p.Protocol]
			if sensor["station"] == "" {
				sensor["station"] = "a"
			}
		case profile.NeedSecret, profile.MaySecret:
			sensor["secret_file"] = "a.secret"
		default:
			t.Fatalf("the form does not know %q", need)
		}
	}
	document, err := json.Marshal(map[string]any{"sensors": []any{sensor}})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := desired.New()
	if err != nil {
		t.Fatal(err)
	}
	if document, err = schema.Check(document); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if cfg, err = cfg.With(document); err != nil {
		t.Fatal(err)
	}
	o, err := (&Agent{cfg: cfg}).options(cfg.Sensors[0], p, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := drivers()[p.Protocol](o)
	if err != nil {
		return err
	}
	return d.Close()
}
