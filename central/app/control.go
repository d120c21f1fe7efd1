package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// The running centre takes orders of the command line over a socket in its data folder, which only its
// own user and root can reach: a copy of the readings is whole only when sealing waits for it. The answer
// is the backup itself, so that the caller writes the file where the caller may.

// totalHeader tells about how many bytes follow.
const totalHeader = "Fengsui-Bytes"

func controlSocket(data string) string { return filepath.Join(data, "control.sock") }

// orders are what the command line may have the running centre do.
type orders struct {
	// copied makes a copy and hands over its folder.
	copied func(ctx context.Context, use func(dir string) error) error
	// imported takes readings of the past in, as a text with commas.
	imported func(ctx context.Context, text io.Reader) (telemetry.Imported, error)
}

// serveControl listens for orders until the centre stops.
func (c *Centre) serveControl(data string, orders orders) error {
	path := controlSocket(data)
	// The lock on the folder says that nobody listens on what an earlier centre left behind.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clear control socket: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", path)
	if err != nil {
		return fmt.Errorf("listen for the command line: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("protect control socket: %w", err), l.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		begun := false
		err := orders.copied(r.Context(), func(dir string) error {
			total, err := weigh(dir)
			if err != nil {
				return err
			}
			begun = true
			w.Header().Set(totalHeader, strconv.FormatInt(total, 10))
			return pack(dir, w)
		})
		switch {
		case err == nil:
		case begun:
			// Nothing but a broken connection tells the caller that the stream is not whole.
			c.log.WarnContext(r.Context(), "backup broke off", "error", err)
			panic(http.ErrAbortHandler)
		default:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("POST /readings", func(w http.ResponseWriter, r *http.Request) {
		out := importAnswer{}
		var err error
		if out.Imported, err = orders.imported(actor.WithSystem(r.Context(), "command line"), r.Body); err != nil {
			out.Trouble = err.Error()
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			c.log.WarnContext(r.Context(), "answer import", "error", err)
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	c.parts.Add("control", func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
	return nil
}

// order sends an order to the running centre. The answer is nil when none runs on the folder.
func order(ctx context.Context, data, path string, body io.Reader) (*http.Response, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", controlSocket(data))
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, nil //nolint:nilnil // no centre is no error, as said above
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("reach the centre: %w; do this as root or as the user that the centre runs as", err)
	case err != nil:
		return nil, fmt.Errorf("reach the centre: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://centre"+path, body)
	if err != nil {
		return nil, fmt.Errorf("order %s: %w", path, err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("order %s: %w", path, err)
	}
	if answer.StatusCode != http.StatusOK {
		why, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
		return nil, errors.Join(errors.New(string(bytes.TrimSpace(why))), err, answer.Body.Close())
	}
	return answer, nil
}

// orderBackup has the running centre write a backup. running is false when none runs on the folder.
func orderBackup(ctx context.Context, data string, out *progress) (running bool, err error) {
	answer, err := order(ctx, data, "/backup", http.NoBody)
	if err != nil || answer == nil {
		return err != nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	// A centre of another version may not tell; then the progress shows no end.
	out.total, _ = strconv.ParseInt(answer.Header.Get(totalHeader), 10, 64)
	if _, err := io.Copy(out, answer.Body); err != nil {
		return true, fmt.Errorf("receive backup: %w", err)
	}
	return true, nil
}

// importAnswer is what the running centre says to an import; some may have been stored before the trouble.
type importAnswer struct {
	telemetry.Imported
	Trouble string `json:"trouble,omitempty"`
}

// ImportReadings hands a file of readings of the past (document.ReadCSV) to the running centre.
func ImportReadings(ctx context.Context, o Options, file string) error {
	if file == "" {
		return errors.New("say which file to read")
	}
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	text, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("read readings: %w", err)
	}
	defer func() { _ = text.Close() }()
	said, err := order(ctx, cfg.Data, "/readings", text)
	if err != nil {
		return err
	}
	if said == nil {
		return errors.New("the centre does not run: start it, readings go through it")
	}
	defer func() { _ = said.Body.Close() }()
	var done importAnswer
	if err := json.NewDecoder(said.Body).Decode(&done); err != nil {
		return fmt.Errorf("read the answer of the centre: %w", err)
	}
	if _, err := fmt.Fprintf(o.Out, "readings: stored=%d known=%d devices=%d\n", done.Readings, done.Known, len(done.Devices)); err != nil {
		return err
	}
	if done.Trouble != "" {
		return errors.New(done.Trouble)
	}
	return nil
}
