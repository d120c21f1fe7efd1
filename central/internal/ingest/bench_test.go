package ingest_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
)

// BenchmarkSensorJSON is readings per second from the socket to the disk: arrays of 100 objects at QoS 1,
// each confirmed after its commit. The client is in the same process and counts in the CPU time.
func BenchmarkSensorJSON(b *testing.B) {
	const array = 100
	c := newCentre(b)
	added, err := c.devices.Create(system(), device.New{ID: "gauge", Kind: device.Sensor})
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.Dial("tcp", c.broker.PlainAddr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	w := login(b, conn, added.Token)
	confirmed := make(chan struct{}, 4096)
	go w.confirmations(func(int64) { confirmed <- struct{}{} })
	ts := int64(1795492800000)
	b.ResetTimer()
	flying := 0
	for n := range b.N {
		var text strings.Builder
		text.WriteByte('[')
		for i := range array {
			if i > 0 {
				text.WriteByte(',')
			}
			ts++
			fmt.Fprintf(&text, `{"ts":%d,"values":{"level":%d.25}}`, ts, i)
		}
		text.WriteByte(']')
		if err := w.publishText(uint16(n%60000+1), ts, text.String()); err != nil {
			b.Fatal(err)
		}
		if flying++; flying >= 200 {
			<-confirmed
			flying--
		}
	}
	for ; flying > 0; flying-- {
		select {
		case <-confirmed:
		case <-time.After(30 * time.Second):
			b.Fatal("no confirmation")
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N*array)/b.Elapsed().Seconds(), "readings/s")
}

// BenchmarkSensorSingle is the same with one reading in each message.
func BenchmarkSensorSingle(b *testing.B) {
	c := newCentre(b)
	added, err := c.devices.Create(system(), device.New{ID: "gauge", Kind: device.Sensor})
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.Dial("tcp", c.broker.PlainAddr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	w := login(b, conn, added.Token)
	confirmed := make(chan struct{}, 4096)
	go w.confirmations(func(int64) { confirmed <- struct{}{} })
	b.ResetTimer()
	flying := 0
	for n := range b.N {
		if err := w.publish(uint16(n%60000+1), 1795492800000+int64(n)); err != nil {
			b.Fatal(err)
		}
		if flying++; flying >= 200 {
			<-confirmed
			flying--
		}
	}
	for ; flying > 0; flying-- {
		<-confirmed
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}
