package station

import (
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/hj212"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/sl651"
)

// TestStationSendsAgainUntilItIsAnswered hears a station, hangs up on its first message without an answer,
// and answers from then on.
func TestStationSendsAgainUntilItIsAnswered(t *testing.T) {
	profiles, err := profile.LoadDir("../../../firmware-configs/profiles")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		profile, name, password, property string
		hear                              func(came []byte) (n int, key string, answer []byte)
	}{
		{"hj212-waste-water", "A1", "123456", "cod", hearEnvironment(t)},
		{"sl651-river", "0011223344", "03E8", "water_level", hearHydrology(t)},
	} {
		t.Run(c.profile, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var heard []string
			var done sync.WaitGroup
			done.Go(func() {
				for first := true; ; first = false {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					done.Go(func() {
						defer conn.Close()
						var came []byte
						chunk := make([]byte, 1024)
						for {
							n, err := conn.Read(chunk)
							if err != nil {
								return
							}
							came = append(came, chunk[:n]...)
							for {
								used, key, answer := c.hear(came)
								if used == 0 {
									break
								}
								came = came[used:]
								if key == "" {
									continue
								}
								mu.Lock()
								heard = append(heard, key)
								mu.Unlock()
								if first {
									return
								}
								_, _ = conn.Write(answer)
							}
						}
					})
				}
			})
			v := 0.0
			s := &Station{
				Dial: l.Addr().String(), Name: c.name, Password: c.password, Profile: profiles[c.profile], Every: 20 * time.Millisecond, Step: time.Minute,
				Values: map[string]func(time.Time) float64{c.property: func(time.Time) float64 { v++; return v }}, Log: slog.New(slog.DiscardHandler),
			}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(15 * time.Second); s.Acked() < 5 && time.Now().Before(end); {
				<-time.After(5 * time.Millisecond)
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			_ = l.Close()
			done.Wait()
			if len(heard) < 6 || heard[0] != heard[1] || s.Acked() < 5 || s.Made() < s.Acked() {
				t.Errorf("heard %v, %d of %d answered", heard, s.Acked(), s.Made())
			}
			for i := 2; i < len(heard); i++ {
				if heard[i] == heard[i-1] {
					t.Errorf("message %s came again though it was answered", heard[i])
				}
			}
		})
	}
}

func hearEnvironment(t *testing.T) func([]byte) (int, string, []byte) {
	return func(came []byte) (int, string, []byte) {
		n, raw, err := hj212.Next(came)
		if err != nil {
			t.Error(err)
		}
		if raw == nil {
			return n, "", nil
		}
		p, err := hj212.Decode(raw, hj212.MaxData)
		if err != nil || p.PW != "123456" || !p.Flag.Answer() {
			t.Errorf("%+v, %v", p, err)
		}
		a := p.Answer()
		answer, err := a.Encode()
		if err != nil {
			t.Error(err)
		}
		return n, p.QN, answer
	}
}

func hearHydrology(t *testing.T) func([]byte) (int, string, []byte) {
	return func(came []byte) (int, string, []byte) {
		n, raw, err := sl651.Next(came)
		if err != nil {
			t.Error(err)
		}
		if raw == nil {
			return n, "", nil
		}
		f, err := sl651.Decode(raw)
		if err != nil || f.Password != 0x03E8 {
			t.Errorf("%+v, %v", f, err)
		}
		text, err := sl651.Parse(f.Function, f.Text)
		if err != nil || text.Groups[0].Elements[0].ID != 0x39 {
			t.Errorf("%+v, %v", text, err)
		}
		f.Down, f.End = true, sl651.EOT
		key := string(f.Text[:2])
		f.Text = sl651.Head(text.Serial, time.Now())
		answer, err := f.Encode()
		if err != nil {
			t.Error(err)
		}
		return n, key, answer
	}
}

func TestProfileOfAnotherKindIsRefused(t *testing.T) {
	for _, s := range []*Station{
		{Name: "A1", Profile: &profile.Profile{Modbus: &profile.Modbus{}}},
		{Name: "A1", Profile: &profile.Profile{SL651: &profile.SL651Section{}}},
		{Name: "0011223344", Password: "x", Profile: &profile.Profile{SL651: &profile.SL651Section{}}},
	} {
		if err := s.Start(t.Context()); err == nil {
			t.Errorf("%+v was started", s)
		}
	}
}
