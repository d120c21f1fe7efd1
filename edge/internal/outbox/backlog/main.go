// Command backlog writes days of readings into the outbox of a terminal that does not run, as if it had
// taken them without a link: test/soak drain begins with it. Rule that must never break: it appends as the
// agent does, a commit for each round of the devices, and says exactly what it wrote.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "backlog:", err)
		os.Exit(1)
	}
}

// written is what stands in one series: readings and the sum of their values in hundredths.
type written struct {
	Count int64 `json:"count"`
	Sum   int64 `json:"sum"`
}

func run() error {
	file := flag.String("file", "", "outbox.db of the terminal")
	devices := flag.String("devices", "", "comma-separated ids")
	properties := flag.String("properties", "", "comma-separated properties that each device has")
	begin := flag.Int64("begin", 0, "time of the first round, Unix milliseconds")
	rounds := flag.Int64("rounds", 0, "number of rounds")
	every := flag.Duration("every", 10*time.Second, "time between two rounds")
	flag.Parse()
	ctx := context.Background()
	box, err := outbox.Open(ctx, outbox.Options{File: *file, Telemetry: 512 << 20, Bulk: 128 << 20, GraceSize: 256 << 20, Grace: 72 * time.Hour})
	if err != nil {
		return err
	}
	if trouble := box.Trouble(); trouble != "" {
		return fmt.Errorf("open outbox: %s", trouble)
	}
	books := map[string]*written{}
	for k := range *rounds {
		var readings []wire.Reading
		n := uint64(0)
		for device := range strings.SplitSeq(*devices, ",") {
			for property := range strings.SplitSeq(*properties, ",") {
				n++
				cents := tide(n, uint64(k)) //nolint:gosec // counts up from 0
				at := *begin + k*every.Milliseconds() + int64(n/4%9)
				readings = append(readings, wire.Reading{Device: device, Property: property, At: at, Value: float64(cents) / 100})
				b := books[device+"/"+property]
				if b == nil {
					b = &written{}
					books[device+"/"+property] = b
				}
				b.Count, b.Sum = b.Count+1, b.Sum+cents
			}
		}
		if err := box.Append(ctx, outbox.Batch{Boot: "backlog", Synced: true, Entries: []outbox.Entry{{Lane: wire.LaneTelemetry, Readings: readings}}}); err != nil {
			return err
		}
	}
	if err := box.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(books)
}

// tide is a slow sine with a noise of ±3 hundredths without a pattern, in hundredths.
func tide(series, k uint64) int64 {
	x := k<<16 | series
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return int64(math.Round(410+150*math.Sin(float64(k)/700+float64(series)))) + int64(x%7) - 3
}
