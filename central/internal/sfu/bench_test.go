package sfu

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// source25 publishes 25 pictures a second of about 2 Mbit/s with a key frame every 4 s; it ignores
// requests for one, as an IP camera does.
func source25(b *testing.B, s *SFU) {
	b.Helper()
	c := publish(b, s, "cam", 9000)
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	wg.Go(func() { c.run(ctx, 100, 0) })
	b.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	eventually(b, "source runs", func() bool { return s.Flow("cam").Bitrate > 0 })
}

// BenchmarkFirstFrame measures from the viewer's offer to its first whole picture, at random phases of
// the GOP.
func BenchmarkFirstFrame(b *testing.B) {
	s := started(b, Options{})
	source25(b, s)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		p := play(b, s, "cam", nil)
		eventually(b, "first picture", func() bool { return p.count() > 0 })
		p.mu.Lock()
		took = append(took, p.first.Sub(began))
		p.mu.Unlock()
		_ = s.Hang(p.session)
		_ = p.pc.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms_p50")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms_p95")
}

// BenchmarkFanOut measures the processor time for each forwarded packet and the memory of each viewer,
// with the viewers in this process: both are upper bounds.
func BenchmarkFanOut(b *testing.B) {
	for _, viewers := range []int{10, 40} {
		b.Run(fmt.Sprintf("viewers=%d", viewers), func(b *testing.B) {
			s := started(b, Options{MaxViewersPerUser: viewers})
			source25(b, s)
			before := resident(b)
			players := make([]*player, viewers)
			for i := range players {
				players[i] = play(b, s, "cam", nil)
			}
			for _, p := range players {
				eventually(b, "pictures", func() bool { return p.count() > 5 })
			}
			cpu, began, seen := processor(b), time.Now(), sum(players)
			for b.Loop() {
				n := sum(players)
				eventually(b, "50 more pictures each", func() bool { return sum(players) >= n+50*viewers })
			}
			packets := float64(sum(players)-seen) * 9.6 // of a picture, key frames included
			b.ReportMetric(float64((processor(b)-cpu).Nanoseconds())/1000/packets, "us_cpu/packet")
			b.ReportMetric((resident(b)-before)/float64(viewers), "MB/viewer")
			b.ReportMetric(packets/time.Since(began).Seconds(), "packets/s")
		})
	}
}

func sum(players []*player) int {
	n := 0
	for _, p := range players {
		p.mu.Lock()
		n += len(p.pictures)
		p.mu.Unlock()
	}
	return n
}

func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the memory of this process in MB.
func resident(b *testing.B) float64 {
	b.Helper()
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		b.Fatal(err)
	}
	return float64(pages*os.Getpagesize()) / (1 << 20)
}
