package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
)

// Influx is a running influxd 1.8, which answers the interface of version 2 as well.
type Influx struct {
	*Process
	URL string
}

const influxConfig = `reporting-disabled = true
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
[monitor]
store-enabled = false
`

// FindInflux is the program, on the path or where go install puts it.
func FindInflux() (string, error) {
	if path, err := exec.LookPath("influxd"); err == nil {
		return path, nil
	}
	root, err := exec.CommandContext(context.Background(), "go", "env", "GOPATH").Output()
	if err == nil {
		path := filepath.Join(strings.TrimSpace(string(root)), "bin", "influxd")
		if _, err = os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no influxd (sh test/prepare.sh builds it)")
}

// StartInflux starts one with a folder of its own.
func StartInflux(t TB) *Influx {
	t.Helper()
	path, err := FindInflux()
	must(t, err, "find InfluxDB")
	dir, addr := t.TempDir(), testserver.FreeAddr(t)
	file := filepath.Join(dir, "influx.conf")
	text := fmt.Sprintf(influxConfig, filepath.Join(dir, "meta"), filepath.Join(dir, "data"), filepath.Join(dir, "wal"), addr)
	must(t, os.WriteFile(file, []byte(text), 0o600), "write influx.conf")
	i := &Influx{Process: &Process{Name: "influxd", Path: path, Args: []string{"-config", file}, Dir: dir}, URL: "http://" + addr}
	i.Again(t)
	return i
}

// Again starts it and waits until it answers.
func (i *Influx) Again(t TB) {
	t.Helper()
	i.Start(t)
	WaitFor(t, 2*time.Minute, "InfluxDB answers", func() error {
		_, err := i.Ask("", "show databases")
		return err
	})
}

// Ask runs InfluxQL and gives the rows of all series; times are Unix milliseconds.
func (i *Influx) Ask(database, query string) (rows [][]any, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	q := url.Values{"db": {database}, "epoch": {"ms"}, "q": {query}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, i.URL+"/query?"+q.Encode(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make query: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("query InfluxDB: %w", err)
	}
	defer res.Body.Close()
	var answer struct {
		Error   string
		Results []struct {
			Error  string
			Series []struct{ Values [][]any }
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("read what InfluxDB answers: %w", err)
	}
	wrong := []string{answer.Error}
	for _, r := range answer.Results {
		wrong = append(wrong, r.Error)
		for _, s := range r.Series {
			rows = append(rows, s.Values...)
		}
	}
	if text := strings.Join(wrong, ""); text != "" {
		return nil, fmt.Errorf("query InfluxDB: %s", text)
	}
	return rows, nil
}

// Count is how many values of a field there are, and their sum. where is a condition.
func (i *Influx) Count(database, measurement, field, where string) (n int64, sum float64, err error) {
	rows, err := i.Ask(database, fmt.Sprintf(`select count(%[1]q), sum(%[1]q) from %[2]q where %[3]s`, field, measurement, where))
	if err != nil || len(rows) == 0 {
		return 0, 0, err
	}
	count, _ := rows[0][1].(float64)
	sum, _ = rows[0][2].(float64)
	return int64(count), sum, nil
}
