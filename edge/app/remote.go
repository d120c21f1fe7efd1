package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/edge/internal/remote"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

// remoteConfig is the part of the agent that takes configurations of the centre. The keeper belongs to
// whoever starts the agent, and then to watchConfig.
type remoteConfig struct {
	file     string
	text     []byte // of edge.yml when the agent started
	digest   string // beginning of its SHA-256
	own      config.Config
	ownHash  string // of edge.yml's document
	document []byte // that runs, canonical
	onTrial  bool
	schema   *desired.Schema
	keeper   *remote.Keeper

	offered chan []byte   // a configuration has come
	greeted chan struct{} // the centre has answered
	again   chan struct{} // the agent must start anew

	mu      sync.Mutex
	applied *wire.ConfigState
}

// chooseConfig finds what to run: a configuration on trial, the last good one, or edge.yml.
func (a *Agent) chooseConfig(file string) error {
	r := &a.remote
	r.file, r.own = file, a.cfg
	r.offered, r.greeted, r.again = make(chan []byte, 1), make(chan struct{}, 1), make(chan struct{}, 1)
	var err error
	if r.text, err = os.ReadFile(file); err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	sum := sha256.Sum256(r.text)
	r.digest = hex.EncodeToString(sum[:6])
	if r.schema, err = desired.New(); err != nil {
		return err
	}
	own, err := a.cfg.Document()
	if err != nil {
		return err
	}
	if canonical, err := r.schema.Check(own); err == nil {
		own = canonical
	} else {
		a.log.Warn("the centre could not give this configuration back", "file", file, "error", err)
	}
	r.ownHash = desired.Hash(own)
	if r.keeper, err = remote.Open(a.cfg.Data); err != nil {
		a.log.Error("configuration of the centre is lost; edge.yml runs", "error", err)
	}
	for {
		document, onTrial, err := r.keeper.Run(time.Now())
		if err != nil {
			a.log.Error("configuration is not tried", "error", err)
		}
		r.document, r.onTrial = document, onTrial
		if document == nil {
			r.document = own
			break
		}
		cfg, err := r.own.With(document)
		if err == nil {
			err = inspect(cfg)
		}
		if err == nil {
			a.cfg = cfg
			break
		}
		a.log.Error("configuration of the centre cannot run", "on_trial", onTrial, "error", err)
		if onTrial {
			err = r.keeper.RollBack(err.Error(), time.Now())
		} else {
			err = r.keeper.FallBack()
		}
		if err != nil {
			a.log.Error("configuration is not kept", "error", err)
		}
	}
	r.said()
	return nil
}

// inspect finds, without opening anything, what would keep the devices of a configuration from being opened.
func inspect(cfg config.Config) error {
	profiles, bad, err := profile.ReadDir(filepath.Join(cfg.FirmwareConfigs, "profiles"))
	if err != nil {
		return err
	}
	for i, s := range cfg.Sensors {
		if _, _, err := kindOf(i, s, profiles, bad, drivers()); err != nil {
			return cfg.Locate(err)
		}
	}
	return nil
}

// retreat rolls a configuration back with which the agent could not start.
func (a *Agent) retreat(why error) bool {
	r := &a.remote
	if !r.onTrial {
		return false
	}
	a.log.Error("agent does not start with the configuration of the centre", "error", why)
	if err := r.keeper.RollBack(why.Error(), time.Now()); err != nil {
		a.log.Error("configuration is not kept", "error", err)
	}
	return true
}

// trying reports whether a configuration is on trial.
func (r *remoteConfig) trying() bool { return r.state().Trial }

func (r *remoteConfig) version() uint64 { return r.state().Version }

// said takes over what the keeper says.
func (r *remoteConfig) said() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.applied = r.keeper.State(r.ownHash, r.onTrial)
}

// state is what runs, for hello and status. It looks whether somebody has edited the file.
func (r *remoteConfig) state() *wire.ConfigState {
	r.mu.Lock()
	out := *r.applied
	r.mu.Unlock()
	if text, err := os.ReadFile(r.file); err == nil && !bytes.Equal(text, r.text) {
		out.Edited = true
	}
	return &out
}

// offer takes a message of the centre; the newest counts.
func (r *remoteConfig) offer(payload []byte) {
	for {
		select {
		case r.offered <- payload:
			return
		default:
		}
		select {
		case <-r.offered:
		default:
		}
	}
}

func (r *remoteConfig) greet() { poke(r.greeted) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// watchConfig takes configurations, and ends a trial: with the centre's answer, or without when the time is
// over.
func (a *Agent) watchConfig(ctx context.Context, p *agentParts) {
	r := &a.remote
	a.payOutcomes(ctx, p)
	var over <-chan time.Time
	if r.onTrial {
		over = time.After(a.cfg.Centre.Confirm)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case payload := <-r.offered:
			a.takeConfig(ctx, p, payload)
		case <-r.greeted:
			if r.onTrial {
				a.confirmConfig(ctx, p)
			}
		case <-over:
			if r.onTrial {
				a.rollBack(fmt.Sprintf("no link to the centre within %s", a.cfg.Centre.Confirm))
			}
		}
	}
}

// takeConfig puts a configuration on trial when it is sound.
func (a *Agent) takeConfig(ctx context.Context, p *agentParts, payload []byte) {
	r := &a.remote
	defer p.uplink.Changed()
	c, err := remote.Parse(payload)
	if err != nil {
		a.log.Warn("configuration is malformed", "error", err)
		return
	}
	if r.keeper.Known(c) {
		return
	}
	err = remote.Check(r.schema, &c)
	if err == nil && r.keeper.Same(c) {
		if err = r.keeper.Confirm(c, r.ownHash, time.Now()); err == nil {
			a.log.Info("configuration has a new number", "version", c.Version)
		}
	} else if err == nil {
		var cfg config.Config
		if cfg, err = r.own.With(c.Document); err == nil {
			err = inspect(cfg)
		}
		if err == nil {
			err = r.keeper.Try(c)
		}
		if err == nil {
			a.log.Info("configuration is tried", "version", c.Version)
			poke(r.again)
			return
		}
	}
	if err != nil {
		a.log.Warn("configuration is refused", "version", c.Version, "error", err)
		if err := r.keeper.Refuse(c, err.Error(), time.Now()); err != nil {
			a.log.Error("configuration is not kept", "error", err)
		}
	}
	r.said()
	a.payOutcomes(ctx, p)
}

// confirmConfig makes the configuration on trial the good one.
func (a *Agent) confirmConfig(ctx context.Context, p *agentParts) {
	r := &a.remote
	c, ok := r.keeper.OnTrial()
	if !ok {
		return
	}
	if err := r.keeper.Confirm(c, r.ownHash, time.Now()); err != nil {
		a.rollBack(err.Error())
		return
	}
	r.onTrial = false
	a.log.Info("configuration is confirmed", "version", c.Version)
	r.said()
	a.payOutcomes(ctx, p)
	p.uplink.Changed()
}

func (a *Agent) rollBack(why string) {
	r := &a.remote
	a.log.Error("configuration is rolled back", "why", why)
	if err := r.keeper.RollBack(why, time.Now()); err != nil {
		a.log.Error("configuration is not kept", "error", err)
	}
	poke(r.again)
}

// payOutcomes puts the outcomes of configurations into the outbox.
func (a *Agent) payOutcomes(ctx context.Context, p *agentParts) {
	for _, o := range a.remote.keeper.Owed() {
		if err := a.tell(ctx, p, wire.Event{ID: o.ID, At: o.At, Kind: wire.EventResult}, o.Result); err != nil {
			a.log.Error("outcome of a configuration is not kept", "error", err)
			return
		}
	}
	if err := a.remote.keeper.Paid(); err != nil {
		a.log.Error("configuration is not kept", "error", err)
	}
}

// tellConfig sends the document that runs.
func (a *Agent) tellConfig(ctx context.Context, p *agentParts) error {
	now, _ := p.clock.Now()
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make id: %w", err)
	}
	told := wire.ConfigTold{Hash: desired.Hash(a.remote.document), Document: a.remote.document}
	return a.tell(ctx, p, wire.Event{ID: id.String(), At: wire.Millis(now), Kind: wire.EventConfig}, told)
}

// tell puts an event of the terminal itself into the lane of states.
func (a *Agent) tell(ctx context.Context, p *agentParts, e wire.Event, data any) error {
	var err error
	if e.Data, err = json.Marshal(data); err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	e.Device = a.cfg.ID
	_, synced := p.clock.Now()
	return p.box.Append(ctx, outbox.Batch{Boot: p.boot, Synced: synced, Entries: []outbox.Entry{{Lane: wire.LaneState, Events: []wire.Event{e}}}})
}

// ForgetConfig goes back to edge.yml. The agent must not run meanwhile.
func ForgetConfig(o Options) error {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	unlock, err := run.Lock(cfg.Data, "agent")
	if err != nil {
		return err
	}
	k, err := remote.Open(cfg.Data)
	if err == nil {
		err = k.Forget()
	}
	if err = errors.Join(err, unlock(context.Background())); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "%s runs at the next start; the centre may send its configuration again\n", o.ConfigFile)
	return err
}
