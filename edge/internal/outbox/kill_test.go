package outbox

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

const childFile = "FENGSUI_TEST_OUTBOX"

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		if err := child(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// child appends readings 0, 1, 2, … for ever, sends and acknowledges now and then, and prints each number
// once it is durable. It goes on where the file ends.
func child(file string) error {
	ctx := context.Background()
	b, err := Open(ctx, Options{File: file, GraceSize: 20_000, Grace: time.Hour})
	if err != nil {
		return err
	}
	b.mu.Lock()
	next := int(b.st.next[wire.LaneTelemetry]) - 1 //nolint:gosec // small
	b.mu.Unlock()
	out := bufio.NewWriter(os.Stdout)
	for i := 0; ; i++ {
		n := 1 + i%7
		if err := b.Append(ctx, Batch{Boot: "b", Synced: true, Entries: []Entry{{Lane: wire.LaneTelemetry, Readings: readings(next, n)}}}); err != nil {
			return err
		}
		next += n
		fmt.Fprintln(out, "durable", next)
		if i%5 == 4 {
			block, err := b.Next(ctx, wire.LaneTelemetry, 0, 0, false)
			if err != nil {
				return err
			}
			if block != nil {
				// The books say which readings the centre has taken before the terminal knows it.
				fmt.Fprintln(out, "stored", block.From, block.To)
				out.Flush()
				if err := b.Ack(ctx, []wire.LaneRanges{{Lane: block.Lane, Ranges: []wire.Range{{block.From, block.To}}}}); err != nil {
					return err
				}
			}
		}
		out.Flush()
	}
}

func TestNothingIsLostOrDoubledWhenTheProcessIsKilled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.db")
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	durable := 0
	stored := map[uint64]uint64{}
	for round := range rounds {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childFile+"="+file)
		cmd.Stderr = os.Stderr
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(pipe)
		until := 10 + rand.IntN(120)
		for i := 0; lines.Scan(); i++ {
			fields := strings.Fields(lines.Text())
			switch fields[0] {
			case "durable":
				durable, err = strconv.Atoi(fields[1])
			case "stored":
				var from, to uint64
				from, err = strconv.ParseUint(fields[1], 10, 64)
				if err == nil {
					to, err = strconv.ParseUint(fields[2], 10, 64)
				}
				stored[from] = to
			}
			if err != nil {
				t.Fatal(err)
			}
			if i == until {
				_ = cmd.Process.Kill() // its end is read below
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		check(t, file, round, durable, stored)
	}
}

// check compares the file with the books: every durable reading is held once or stored, none twice.
func check(t *testing.T, file string, round, durable int, stored map[uint64]uint64) {
	t.Helper()
	b := open(t, Options{File: file})
	defer b.Close()
	b.mu.Lock()
	next := b.st.next[wire.LaneTelemetry]
	b.mu.Unlock()
	if next < uint64(durable)+1 { //nolint:gosec // not negative
		t.Fatalf("round %d: %d readings were durable, the file has given %d numbers", round, durable, next-1)
	}
	seen := make([]int, next)
	heads, err := query(t.Context(), b.db, `where lane = $1 and acked is null order by seq_from`, wire.LaneTelemetry)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heads {
		var payload []byte
		if err := b.db.QueryRowContext(t.Context(), `select payload from block where rowid = $1`, h.id).Scan(&payload); err != nil {
			t.Fatal(err)
		}
		batch, err := wire.Decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range batch.Readings {
			seq := batch.SeqFrom + uint64(i) //nolint:gosec // not negative
			if r.Value != float64(seq-1) {
				t.Fatalf("round %d: number %d holds reading %v", round, seq, r.Value)
			}
			seen[seq]++
		}
	}
	for from, to := range stored {
		for seq := from; seq <= to; seq++ {
			// A block that was stored and whose acknowledgement died with the process is still held.
			seen[seq] = max(seen[seq], 1)
		}
	}
	for seq := uint64(1); seq < next; seq++ {
		if seen[seq] != 1 {
			t.Fatalf("round %d: reading %d is there %d times", round, seq, seen[seq])
		}
	}
}
