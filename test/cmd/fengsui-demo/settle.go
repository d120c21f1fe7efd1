package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	dutyUser   = "zhiban"
	countyUser = "rudong" // a desk below, which can pass an alarm on
	adminUser  = "admin"
)

// logins are the passwords of the demo. They are kept in a file that only this user reads.
type logins struct {
	URL    string `json:"url"`
	Duty   string `json:"zhiban"`
	County string `json:"rudong,omitempty"` // none where the demo was begun without one
	Admin  string `json:"admin"`
	Once   string `json:"once,omitempty"` // first password of the administrator until it is changed
}

func (d *demo) loadLogins() error {
	text, err := os.ReadFile(d.file("logins.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read logins: %w", err)
	}
	if err := json.Unmarshal(text, &d.logins); err != nil {
		return fmt.Errorf("read %s: %w", d.file("logins.json"), err)
	}
	return nil
}

func (d *demo) saveLogins() error {
	d.logins.URL = d.ports.URL()
	text, err := json.MarshalIndent(d.logins, "", "  ")
	if err != nil {
		return fmt.Errorf("encode logins: %w", err)
	}
	return write(d.file("logins.json"), append(text, '\n'))
}

// write replaces a file that only this user may read.
func write(file string, text []byte) error {
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

// secret is a password that can be typed: four groups of lower-case letters and digits and one of each
// kind that a rule may ask for.
func secret() string {
	text := strings.ToLower(rand.Text())
	return fmt.Sprintf("Fs%s-%s-%s7", text[:4], text[4:8], text[8:12])
}

// settle waits until the centre answers and makes the two users at the first start.
func (d *demo) settle(ctx context.Context, centre *program) error {
	if d.logins.Admin == "" && d.logins.Once == "" {
		line, err := centre.line(ctx, "first administrator: ")
		if err != nil {
			return fmt.Errorf("%w; a first start that was interrupted: remove %s and try again", err, d.Data)
		}
		_, once, _ := strings.Cut(line, "password=")
		d.logins.Once = strings.TrimSpace(once)
		if err := d.saveLogins(); err != nil {
			return err
		}
	}
	if err := d.waitReady(ctx); err != nil {
		return err
	}
	if d.logins.Admin == "" {
		next := secret()
		if err := d.changePassword(ctx, d.logins.Once, next); err != nil {
			return fmt.Errorf("give the administrator a password: %w", err)
		}
		d.logins.Admin, d.logins.Once = next, ""
	}
	if d.logins.Duty == "" {
		next := secret()
		if err := d.addOfficer(ctx, dutyUser, "陈值班", "", next); err != nil {
			return err
		}
		d.logins.Duty = next
	}
	if err := d.addRosters(ctx); err != nil {
		return err
	}
	if err := d.addResources(ctx); err != nil {
		return err
	}
	if err := d.addPlans(ctx); err != nil {
		return err
	}
	if err := d.addPapers(ctx); err != nil {
		return err
	}
	return d.saveLogins()
}

func (d *demo) waitReady(ctx context.Context) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.ports.URL()+"/readyz", nil)
		if err != nil {
			return fmt.Errorf("make request: %w", err)
		}
		answer, err := http.DefaultClient.Do(req)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the centre is not ready; see %s: %w", d.file("log", "central.log"), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d *demo) changePassword(ctx context.Context, once, next string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fmt.Errorf("make cookie jar: %w", err)
	}
	client := &http.Client{Jar: jar, Timeout: readyWithin}
	post := func(path string, body any) error {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.ports.URL()+path, bytes.NewReader(text))
		if err != nil {
			return fmt.Errorf("make request: %w", err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", d.ports.URL())
		answer, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("post %s: %w", path, err)
		}
		defer answer.Body.Close()
		if answer.StatusCode/100 != 2 {
			problem, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
			return fmt.Errorf("post %s: %s: %s", path, answer.Status, problem)
		}
		return nil
	}
	if err := post("/api/v1/session", map[string]string{"username": adminUser, "password": once}); err != nil {
		return err
	}
	return post("/api/v1/session/password", map[string]string{"old": once, "new": next})
}

// addOfficer makes a duty officer of an organisation; ” is that of the centre.
func (d *demo) addOfficer(ctx context.Context, user, name, org, password string) error {
	file := d.file(user + ".password")
	if err := write(file, []byte(password+"\n")); err != nil {
		return err
	}
	defer os.Remove(file)
	_, err := d.central(ctx, "user", "add", user, "--name", name, "--role", "duty", "--org", org, "--password-file", file)
	return err
}

// central runs one command of the centre.
func (d *demo) central(ctx context.Context, args ...string) (string, error) {
	return output(ctx, filepath.Join(d.Bin, "fengsui-central"), append(args, "--config", d.file("central", "central.yml"))...)
}

func output(ctx context.Context, path string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(path), strings.Join(args[:min(3, len(args))], " "), err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// enrol gives an edge its certificate at the first start. A first start that was interrupted between
// the two steps asks for a new token.
func (d *demo) enrol(ctx context.Context, e edge) error {
	marker := d.file(e.ID, "enrolled")
	if _, err := os.Stat(marker); err == nil {
		return nil
	}
	order, err := d.central(ctx, "device", "add", e.ID, "--kind", "edge", "--name", e.Name, "--name-en", e.NameEN, "--division", e.Division, "--demo")
	if err != nil {
		var again error
		if order, again = d.central(ctx, "device", "enrol", e.ID); again != nil {
			return errors.Join(err, again)
		}
	}
	words := strings.Fields(order)
	at := slices.Index(words, "enrol")
	if at < 0 {
		return fmt.Errorf("no command that enrols %s in %q", e.ID, order)
	}
	flags := append([]string{"enrol", "--config", d.file(e.ID, "edge.yml"), "--server", d.ports.URL()}, words[at+1:]...)
	if _, err := output(ctx, filepath.Join(d.Bin, "fengsui-edge"), flags...); err != nil {
		return err
	}
	return write(marker, []byte(time.Now().UTC().Format(time.RFC3339)+"\n"))
}
