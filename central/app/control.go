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
	"time"
)

// The running centre takes orders of the command line over a socket in its data folder, which only its
// own user can reach: a copy of the readings is whole only when sealing waits for it.

// backupOrder asks for a backup into an absolute path.
type backupOrder struct {
	File string `json:"file"`
}

func controlSocket(data string) string { return filepath.Join(data, "control.sock") }

// serveControl listens for orders until the centre stops.
func (c *Centre) serveControl(data string, backup func(context.Context, string) error) error {
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
		var o backupOrder
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&o); err != nil || !filepath.IsAbs(o.File) {
			http.Error(w, "an absolute path is needed", http.StatusBadRequest)
			return
		}
		if err := backup(r.Context(), o.File); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	c.started("control", func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
	return nil
}

// orderBackup asks the running centre for a backup. running is false when none runs on the folder.
func orderBackup(ctx context.Context, data, file string) (running bool, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", controlSocket(data))
	if err != nil {
		return false, nil // nobody listens: no centre runs
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}}
	text, err := json.Marshal(backupOrder{File: file})
	if err != nil {
		return true, fmt.Errorf("order backup: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://centre/backup", bytes.NewReader(text))
	if err != nil {
		return true, fmt.Errorf("order backup: %w", err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return true, fmt.Errorf("order backup: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusNoContent {
		return true, nil
	}
	why, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	return true, errors.Join(errors.New(string(bytes.TrimSpace(why))), err)
}
