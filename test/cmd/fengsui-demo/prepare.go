package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// files are the configurations of the demo, filled in with folders and ports.
//
//go:embed files/*.yml
var files embed.FS

// ports are the addresses of everything, remembered so that a second run finds its terminals again.
type ports struct {
	HTTP, Plain, TLS, Video            string
	Level, Gas, Siren, GPS, RTSP, Ctrl string
	Upper, Middle, Rain                string            // of the river above the sluice
	Dome                               string            // of the head of the camera at the sluice
	Status                             map[string]string // of each edge
}

func (p ports) URL() string { return "http://" + p.HTTP }

// edge is one terminal of the demo.
type edge struct{ ID, Name, NameEN, Division string }

// sluice is the terminal whose link Enter cuts.
const sluice = "edge-rudong"

func edges() []edge {
	return []edge{{sluice, "洋口闸终端（演示）", "Yangkou sluice terminal (demo)", "320623"}, {"edge-qidong", "吕四指挥车终端（演示）", "Lüsi command car terminal (demo)", "320681"}}
}

func usual(http string) ports {
	return ports{
		HTTP: http, Plain: "127.0.0.1:1883", TLS: "127.0.0.1:8883", Video: "127.0.0.1:8189",
		Level: "127.0.0.1:15021", Gas: "127.0.0.1:15022", Siren: "127.0.0.1:15024", GPS: "127.0.0.1:15023", RTSP: "127.0.0.1:15054", Ctrl: "127.0.0.1:15090",
		Upper: "127.0.0.1:15025", Middle: "127.0.0.1:15026", Rain: "127.0.0.1:15027", Dome: "127.0.0.1:15028",
		Status: map[string]string{"edge-rudong": "127.0.0.1:15061", "edge-qidong": "127.0.0.1:15062"},
	}
}

// prepare writes the configurations anew and leaves the data alone.
func (d *demo) prepare(ctx context.Context, h *harness.Host) error {
	for _, name := range []string{"fengsui-central", "fengsui-edge", "fengsui-sim"} {
		if _, err := os.Stat(filepath.Join(d.Bin, name)); err != nil {
			return fmt.Errorf("%s is not built, run make build: %w", name, err)
		}
	}
	dirs := []string{"log", "run", "sim", "central/data"}
	for _, e := range edges() {
		dirs = append(dirs, e.ID+"/data")
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(d.file(dir), 0o700); err != nil {
			return fmt.Errorf("make folder %s: %w", dir, err)
		}
	}
	if err := d.loadLogins(); err != nil {
		return err
	}
	if err := d.choosePorts(ctx); err != nil {
		return err
	}
	key, err := d.releaseKey(h) //nolint:contextcheck // the program ends within a minute
	if err != nil {
		return err
	}
	if d.line, err = newLine(ctx, h, d.ports); err != nil {
		return err
	}
	all, err := template.ParseFS(files, "files/*.yml")
	if err != nil {
		return fmt.Errorf("read configurations of the demo: %w", err)
	}
	places, err := d.places()
	if err != nil {
		return err
	}
	targets := map[string]string{"central.yml": d.file("central", "central.yml"), "sim.yml": d.file("sim", "sim.yml")}
	for _, e := range edges() {
		targets[e.ID+".yml"] = d.file(e.ID, "edge.yml")
	}
	for name, target := range targets {
		var text strings.Builder
		if err := all.ExecuteTemplate(&text, name, map[string]any{
			"Root": d.Root, "Data": d.Data, "Ports": d.ports, "Messages": d.line.messages.Addr(), "Web": d.line.web.Addr(), "Places": places, "Burn": burns(), "ReleaseKey": key, "Epoch": time.Now().UTC().Format(time.RFC3339),
		}); err != nil {
			return fmt.Errorf("write %s: %w", target, err)
		}
		if err := write(target, []byte(text.String())); err != nil {
			return err
		}
	}
	return nil
}

// places are the cameras with a film of their own.
func (d *demo) places() ([]string, error) {
	films, err := filepath.Glob(filepath.Join(d.Root, "test", "clips", "places", "*.h264"))
	if err != nil || len(films) == 0 {
		return nil, fmt.Errorf("find the films of the cameras below %s: %w", d.Root, err)
	}
	for i, film := range films {
		films[i] = strings.TrimSuffix(filepath.Base(film), ".h264")
	}
	return films, nil
}

// burns reports whether clips can have their time drawn in: the program for it is not needed for anything else.
func burns() bool {
	_, err := exec.LookPath("ffmpeg")
	return err == nil
}

// releaseKey is the public half of the key that signs programs of this demo; both halves are kept in its folder.
func (d *demo) releaseKey(h *harness.Host) (string, error) {
	file, public := d.file("release.key"), d.file("release.pub")
	text, err := os.ReadFile(public)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return strings.TrimSpace(string(text)), err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("make key of programs: %w", err)
	}
	key := strings.TrimSpace(harness.Run(h, filepath.Join(d.Bin, "fengsui-central"), "release", "key", file))
	return key, write(public, []byte(key+"\n"))
}

// choosePorts takes those of the last run, the usual ones, or free ones, and says which are in use.
func (d *demo) choosePorts(ctx context.Context) error {
	d.ports = usual(d.HTTP)
	if d.Free {
		text, err := os.ReadFile(d.file("ports.json"))
		switch {
		case err == nil:
			if err := json.Unmarshal(text, &d.ports); err != nil {
				return fmt.Errorf("read %s: %w", d.file("ports.json"), err)
			}
		case errors.Is(err, os.ErrNotExist):
			if err := d.freePorts(ctx); err != nil {
				return err
			}
		default:
			return fmt.Errorf("read ports: %w", err)
		}
	}
	for _, addr := range d.ports.all() {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *addr)
		if err != nil {
			return fmt.Errorf("端口被占用，请先停止占用它的程序或用 --free-ports。a port is in use, stop what uses it or try --free-ports: %w", err)
		}
		if err := ln.Close(); err != nil {
			return fmt.Errorf("close %s: %w", *addr, err)
		}
	}
	return nil
}

func (p *ports) all() []*string {
	return []*string{&p.HTTP, &p.Plain, &p.TLS, &p.Video, &p.Level, &p.Gas, &p.Siren, &p.GPS, &p.RTSP, &p.Ctrl, &p.Upper, &p.Middle, &p.Rain, &p.Dome}
}

func (d *demo) freePorts(ctx context.Context) error {
	take := func() (string, func(), error) {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return "", nil, fmt.Errorf("find a free port: %w", err)
		}
		return ln.Addr().String(), func() { ln.Close() }, nil
	}
	targets := d.ports.all()
	for id := range d.ports.Status {
		addr, release, err := take()
		if err != nil {
			return err
		}
		defer release()
		d.ports.Status[id] = addr
	}
	for _, to := range targets {
		addr, release, err := take()
		if err != nil {
			return err
		}
		defer release()
		*to = addr
	}
	text, err := json.MarshalIndent(d.ports, "", "  ")
	if err != nil {
		return fmt.Errorf("encode ports: %w", err)
	}
	return write(d.file("ports.json"), append(text, '\n'))
}
