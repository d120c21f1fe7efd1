package app

import (
	"bytes"
	"context"
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
)

// The running centre takes orders of the command line over a socket in its data folder, which only its
// own user and root can reach: a copy of the readings is whole only when sealing waits for it. The answer
// is the backup itself, so that the caller writes the file where the caller may.

// totalHeader tells about how many bytes follow.
const totalHeader = "Fengsui-Bytes"

func controlSocket(data string) string { return filepath.Join(data, "control.sock") }

// serveControl listens for orders until the centre stops. copied makes a copy and hands over its folder.
func (c *Centre) serveControl(data string, copied func(context.Context, func(dir string) error) error) error {
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
		err := copied(r.Context(), func(dir string) error {
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

// orderBackup has the running centre write a backup. running is false when none runs on the folder.
func orderBackup(ctx context.Context, data string, out *progress) (running bool, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", controlSocket(data))
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return false, nil
	case errors.Is(err, os.ErrPermission):
		return true, fmt.Errorf("reach the centre: %w; do this as root or as the user that the centre runs as", err)
	case err != nil:
		return true, fmt.Errorf("reach the centre: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://centre/backup", http.NoBody)
	if err != nil {
		return true, fmt.Errorf("order backup: %w", err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return true, fmt.Errorf("order backup: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		why, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
		return true, errors.Join(errors.New(string(bytes.TrimSpace(why))), err)
	}
	// A centre of another version may not tell; then the progress shows no end.
	out.total, _ = strconv.ParseInt(answer.Header.Get(totalHeader), 10, 64)
	if _, err := io.Copy(out, answer.Body); err != nil {
		return true, fmt.Errorf("receive backup: %w", err)
	}
	return true, nil
}
