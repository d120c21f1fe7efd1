package broker

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// centre is the user name of the in-process client; no device can have it, for it holds a dot.
const centre = "fengsui.centre"

// engine is the embedded nats-server. Its only port is the MQTT listener on loopback, and that serves
// nobody but the front: every login needs the secret of this process.
type engine struct {
	srv    *server.Server
	nc     *nats.Conn
	addr   string
	secret string
}

func startEngine(dir string, maxPayload int, log *slog.Logger) (*engine, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the broker: %w", err)
	}
	// What the embedded server keeps (sessions, retained states) is only for the connections of now: every
	// edge brings it anew. So torn files after a power cut cannot stop the start.
	if err := os.RemoveAll(filepath.Join(dir, "jetstream")); err != nil {
		return nil, fmt.Errorf("clear folder of the broker: %w", err)
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("make secret of the broker: %w", err)
	}
	e := &engine{secret: hex.EncodeToString(raw)}
	opts := &server.Options{
		ServerName:                 "fengsui",
		DontListen:                 true,
		JetStream:                  true,
		StoreDir:                   dir,
		JetStreamMaxMemory:         64 << 20,
		JetStreamMaxStore:          1 << 30,
		NoSigs:                     true,
		NoLog:                      true,
		MaxPayload:                 int32(maxPayload), //nolint:gosec // a constant far below 2 GiB
		MaxPending:                 256 << 20,
		WriteDeadline:              10 * time.Second,
		CustomClientAuthentication: e,
		MQTT: server.MQTTOpts{
			Host:                  "127.0.0.1",
			Port:                  -1,
			ConsumerMemoryStorage: true,
			AuthTimeout:           10,
		},
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("make broker: %w", err)
	}
	srv.SetLoggerV2(newEngineLog(log), false, false, false)
	e.srv = srv
	srv.Start()
	if !srv.ReadyForConnections(10 * time.Second) {
		e.stop()
		return nil, errors.New("start broker: not ready after 10 s")
	}
	e.addr = net.JoinHostPort("127.0.0.1", fmt.Sprint(opts.MQTT.Port))
	e.nc, err = nats.Connect("", nats.InProcessServer(srv), nats.Name("centre"), nats.UserInfo(centre, e.secret),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.ReconnectBufSize(-1))
	if err != nil {
		e.stop()
		return nil, fmt.Errorf("connect to broker: %w", err)
	}
	return e, nil
}

func (e *engine) stop() {
	if e.nc != nil {
		e.nc.Close()
	}
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
}

// Check implements server.Authentication: it knows the secret and gives each edge its own topics.
func (e *engine) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if subtle.ConstantTimeCompare([]byte(o.Password), []byte(e.secret)) != 1 {
		return false
	}
	if o.Username == centre {
		c.RegisterUser(&server.User{Username: centre})
		return true
	}
	if o.Username == prober {
		c.RegisterUser(&server.User{Username: prober, Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: []string{prober}},
			Subscribe: &server.SubjectPermission{Deny: []string{">"}},
		}})
		return true
	}
	own := "fs.v1." + o.Username + "."
	c.RegisterUser(&server.User{Username: o.Username, Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{own + "up.>"}},
		Subscribe: &server.SubjectPermission{Allow: []string{own + "down", own + "down.>"}},
	}})
	return true
}
