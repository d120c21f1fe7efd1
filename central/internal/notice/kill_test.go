package notice_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/channel/httpsms"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// program and gatewayURL make this binary a small program that sends what waits in a database, until it is killed.
const (
	program    = "FENGSUI_NOTICE_PROGRAM"
	gatewayURL = "FENGSUI_NOTICE_GATEWAY"
	aheadBy    = "FENGSUI_NOTICE_AHEAD" // how far its clock is ahead, so that leases of those before it are over
)

func TestMain(m *testing.M) {
	if file := os.Getenv(program); file != "" {
		if err := runOffice(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func runOffice(file string) error {
	ctx := actor.WithSystem(context.Background(), "office")
	db, err := store.Open(ctx, store.Options{Driver: store.SQLite, DSN: file})
	if err != nil {
		return err
	}
	ahead, err := time.ParseDuration(os.Getenv(aheadBy))
	if err != nil {
		return err
	}
	sender, err := httpsms.New(httpsms.Options{URL: os.Getenv(gatewayURL), Method: "POST", Body: "{{.To}} {{.Text}}"})
	if err != nil {
		return err
	}
	s := notice.New(notice.Options{
		Store: store.NewNotices(db), Tx: db, Channels: []notice.Channel{{Name: "sms", Sender: sender}}, Events: event.NewBus(nil), Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Now: func() time.Time { return time.Now().Add(ahead) },
	})
	if err := s.Start(ctx); err != nil {
		return err
	}
	fmt.Println("up")
	select {}
}

// The program that sends is killed with SIGKILL while it sends, ten times. Every message arrives; one that arrives
// twice has the same key, by which a gateway drops it, and each kill doubles at most the one that was under way.
func TestKillsLoseNoMessage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "central.db")
	g := newGateway(t)
	db := storetest.Open(t, store.Options{Driver: store.SQLite, DSN: file})
	o := newOffice(t, db, g.channel(t, "sms"))
	const rounds, each = 10, 30
	for round := range rounds {
		for i := range each {
			if err := o.Queue(o.ctx, notice.Order{Key: fmt.Sprintf("%d/%d", round, i), Kind: "x", Title: "t", Text: "x", Until: o.now.Add(48 * time.Hour), To: []notice.Person{to("p", notice.Way{Channel: "sms", Address: "13800000001"})}}); err != nil {
				t.Fatal(err)
			}
		}
		before := len(g.taken())
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), program+"="+file, gatewayURL+"="+g.URL, fmt.Sprintf("%s=%dm", aheadBy, 5*round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(30 * time.Second); len(g.taken()) < before+each/2; {
			if time.Now().After(deadline) {
				t.Fatal("the program does not send")
			}
			time.Sleep(time.Millisecond)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	o.now = time.Now().Add(24 * time.Hour)
	o.turn()
	keys := map[string]int{}
	for _, line := range g.taken() {
		key, _, _ := strings.Cut(line, " ")
		keys[key]++
	}
	doubled := len(g.taken()) - len(keys)
	if len(keys) != rounds*each || doubled > rounds {
		t.Errorf("%d of %d messages arrived, %d twice", len(keys), rounds*each, doubled)
	}
}
