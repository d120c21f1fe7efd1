package app

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/release"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/shared/wire"
)

// releaseDir is the folder of programs in the data folder.
const releaseDir = "releases"

// releases makes the programs of terminals.
func (b *base) releases(cfg config.Config, devices release.Devices, sender release.Sender) *release.Service {
	o := release.Options{
		Store: store.NewReleases(b.db), Tx: b.db, Devices: devices, Sender: sender, Events: b.bus,
		Log: b.centre.log.With("component", "release"), Dir: filepath.Join(cfg.Data, releaseDir), Top: cfg.Division, Unsigned: cfg.Releases.Unsigned,
	}
	if cfg.Releases.Key != "" {
		o.Key, _ = wire.ReleaseKey(cfg.Releases.Key) // config has checked it
	}
	return release.New(o)
}

// programs shows the programs to the roll-outs.
type programs struct{ *release.Service }

// Became implements fleet.Programs.
func (p programs) Became(ctx context.Context, id string) (fleet.State, string, error) {
	u, err := p.Service.Became(ctx, id)
	if err != nil {
		return "", "", err
	}
	return map[release.State]fleet.State{
		release.Wanted: fleet.Wanted, release.Done: fleet.Running, release.Failed: fleet.Failed, release.Withdrawn: fleet.Withdrawn,
	}[u.State], u.Error, nil
}

// ReleaseKey makes a key that signs programs, writes it into a file of the caller and prints its public half.
func ReleaseKey(o Options, file string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := errors.Join(pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	_, err = fmt.Fprintln(o.Out, base64.StdEncoding.EncodeToString(public))
	return err
}

// Program is a file that is to become a release.
type Program struct{ File, Version, Arch, KeyFile, Signature, Note, NoteEN string }

// describe reads the file and signs it when a key is given.
func (p Program) describe() (wire.Release, error) {
	f, err := os.Open(p.File)
	if err != nil {
		return wire.Release{}, fmt.Errorf("read program: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return wire.Release{}, fmt.Errorf("read program: %w", err)
	}
	r := wire.Release{Version: p.Version, Arch: p.Arch, Size: n, SHA256: hex.EncodeToString(sum.Sum(nil)), Signature: p.Signature}
	if p.KeyFile == "" {
		return r, nil
	}
	text, err := os.ReadFile(p.KeyFile)
	if err != nil {
		return r, fmt.Errorf("read key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return r, fmt.Errorf("read key: %s is not in PEM form", p.KeyFile)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := key.(ed25519.PrivateKey)
	if err != nil || !ok {
		return r, fmt.Errorf("read key: %s holds no Ed25519 key", p.KeyFile)
	}
	r.Signature = r.Sign(private)
	return r, nil
}

// SignRelease prints the signature of a program; the key needs to be nowhere but here.
func SignRelease(o Options, p Program) error {
	if p.KeyFile == "" || p.Version == "" || p.Arch == "" {
		return errors.New("say --version, --arch and --key")
	}
	r, err := p.describe()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.Out, r.Signature)
	return err
}

// AddRelease gives a centre a program, running or not.
func AddRelease(ctx context.Context, o Options, p Program) error {
	if p.Version == "" || p.Arch == "" {
		return errors.New("say --version and --arch")
	}
	r, err := p.describe()
	if err != nil {
		return err
	}
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		devices, err := h.devices(h.cfg)
		if err != nil {
			return err
		}
		svc := h.releases(h.cfg, devices, nil)
		added, next, err := svc.Announce(ctx, release.Draft{Release: r, Note: p.Note, NoteEN: p.NoteEN})
		if err != nil {
			return err
		}
		f, err := os.Open(p.File)
		if err != nil {
			return fmt.Errorf("read program: %w", err)
		}
		defer func() { _ = f.Close() }()
		piece := make([]byte, 1<<20)
		for next < r.Size {
			n, err := f.ReadAt(piece, next)
			if n == 0 {
				return fmt.Errorf("read program: %w", err)
			}
			if added, next, err = svc.Piece(ctx, added.ID, next, piece[:n]); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(h.out, "release: %s bytes=%d packed=%d sha256=%s signed=%t\n", added.ID, added.Size, added.Packed, added.SHA256, added.Signature != "")
		return err
	})
}

// ListReleases prints the programs that the centre holds.
func ListReleases(ctx context.Context, o Options) error {
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		list, err := h.releases(h.cfg, nil, nil).List(ctx)
		if err != nil {
			return err
		}
		return table(h.out, "RELEASE\tBYTES\tFETCHED\tSIGNED\tSTATE\tNOTE", func(row func(...any)) error {
			for _, r := range list {
				state := "ready"
				switch {
				case r.Packed == 0:
					state = "uploading"
				case r.Missing:
					state = "file missing"
				}
				row(r.ID, r.Size, r.Packed, r.Signature != "", state, r.Note)
			}
			return nil
		})
	})
}
