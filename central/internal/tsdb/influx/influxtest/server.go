// Package influxtest runs a real InfluxDB for tests: influxd 1.8 with Flux, which answers the interface of
// version 2 that the client speaks. test/prepare.sh builds it.
package influxtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Server is one influxd with a folder of its own.
type Server struct {
	URL string

	dir, address, user string
	process            *exec.Cmd
}

// Options of a server.
type Options struct {
	Auth bool // ask for user and password: User
}

// User is who may do everything where Auth is set, as a token file has it.
const User = "fengsui:Secret-1"

// config of influxd. A body of more than 4 MB is refused as too large.
const config = `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = %[1]q
[data]
dir = %[2]q
wal-dir = %[3]q
query-log-enabled = false
[http]
bind-address = %[4]q
flux-enabled = true
log-enabled = false
auth-enabled = %[5]t
max-body-size = 4000000
[monitor]
store-enabled = false
`

var listening = regexp.MustCompile(`msg="Listening on HTTP".* addr=([0-9.:]+)`)

// Start runs a server until the test ends. It is skipped where influxd is not built, but not in CI.
func Start(t *testing.T, o Options) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir(), address: "127.0.0.1:0"}
	t.Cleanup(func() { s.Kill(t) })
	s.run(t, false)
	if !o.Auth {
		return s
	}
	name, password, _ := strings.Cut(User, ":")
	s.Query(t, fmt.Sprintf(`create user %s with password '%s' with all privileges`, name, password))
	s.Kill(t)
	s.user = User
	s.run(t, true)
	return s
}

func (s *Server) run(t *testing.T, auth bool) {
	t.Helper()
	path := program(t)
	file := filepath.Join(s.dir, "influx.conf")
	text := fmt.Sprintf(config, filepath.Join(s.dir, "meta"), filepath.Join(s.dir, "data"), filepath.Join(s.dir, "wal"), s.address, auth)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path, "-config", file) // Kill ends it
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = cmd
	for lines := bufio.NewScanner(out); lines.Scan(); {
		m := listening.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		s.address, s.URL = m[1], "http://"+m[1]
		go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
		return
	}
	t.Fatal("influxd ended before it listened")
}

// program is influxd on the path or where go install puts it.
func program(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("influxd"); err == nil {
		return path
	}
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOPATH").Output()
	if err == nil {
		path := filepath.Join(strings.TrimSpace(string(root)), "bin", "influxd")
		if _, err = os.Stat(path); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("influxd is missing: sh test/prepare.sh builds it")
	}
	t.Skip("influxd is missing: sh test/prepare.sh builds it")
	return ""
}

// Kill ends the server at once, as a power cut would.
func (s *Server) Kill(t *testing.T) {
	t.Helper()
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait() // it was killed: its error says so
	s.process = nil
}

// Back starts a killed server again under its address.
func (s *Server) Back(t *testing.T) {
	t.Helper()
	s.run(t, s.user != "")
}

// Bucket makes a database with a retention policy ("0s": for ever) and names it as a bucket.
func (s *Server) Bucket(t *testing.T, database, duration string) string {
	t.Helper()
	s.Query(t, fmt.Sprintf(`create database %q with duration %s replication 1 name "rp"`, database, duration))
	return database + "/rp"
}

// Query runs InfluxQL.
func (s *Server) Query(t *testing.T, q string) string {
	t.Helper()
	return s.do(t, "/query?"+s.as(url.Values{"q": {q}}), "")
}

// Write stores lines of line protocol, times in milliseconds.
func (s *Server) Write(t *testing.T, bucket, lines string) {
	t.Helper()
	database, policy, _ := strings.Cut(bucket, "/")
	s.do(t, "/write?"+s.as(url.Values{"db": {database}, "rp": {policy}, "precision": {"ms"}}), lines)
}

func (s *Server) as(v url.Values) string {
	if name, password, ok := strings.Cut(s.user, ":"); ok {
		v.Set("u", name)
		v.Set("p", password)
	}
	return v.Encode()
}

func (s *Server) do(t *testing.T, path, body string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 || strings.Contains(string(text), `"error"`) {
		t.Fatalf("influxd answers %d to %s: %s %v", res.StatusCode, path, text, err)
	}
	return string(text)
}
