package nmea

import (
	"errors"
	"testing"

	"github.com/creack/pty"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/drivertest"
)

func TestReceiverOnASerialPortIsHeard(t *testing.T) {
	far, near, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = far.Close(), near.Close() }()
	d, err := Open(driver.Options{ID: "gps", Address: near.Name(), Serial: driver.Serial{Baud: 4800}, Profile: receiver()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	seen := map[string]bool{}
	drivertest.Until(t, "a fix", func() bool {
		if _, err := far.WriteString(damaged + "\r\n" + fixed + "\r\n" + counted + "\r\n"); err != nil {
			t.Fatal(err)
		}
		got, err := d.(driver.Reader).Read(t.Context())
		if err != nil && !errors.Is(err, driver.ErrNoValue) && !errors.Is(err, driver.ErrMalformed) {
			t.Fatal(err)
		}
		for _, s := range got {
			seen[s.Property] = true
		}
		return len(seen) == 4
	})
}

func TestSerialPortThatIsNotThereIsUnreachable(t *testing.T) {
	d, err := Open(driver.Options{ID: "gps", Address: "/dev/nonexistent", Profile: receiver()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	drivertest.Until(t, "the error", func() bool {
		_, err := d.(driver.Reader).Read(t.Context())
		return errors.Is(err, driver.ErrUnreachable)
	})
}
