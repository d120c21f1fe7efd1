package film

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hall is a Sink that keeps sound as well.
type hall struct {
	reel
	sounds []*bytes.Buffer
	refuse bool
}

func (h *hall) OpenSound(Segment) (io.WriteCloser, error) {
	if h.refuse {
		return nil, errors.New("no room")
	}
	b := &bytes.Buffer{}
	h.sounds = append(h.sounds, b)
	return file{b, &h.reel}, nil
}

// alaw is a sample as a telephone codes it (ITU-T G.711).
func alaw(v int16) byte {
	sign := byte(0xd5)
	x := int(v)
	if x < 0 {
		sign, x = 0x55, -x-1
	}
	exp := 0
	for e := 7; e > 0; e-- {
		if x >= 256<<(e-1) {
			exp = e
			break
		}
	}
	shift := 4
	if exp > 1 {
		shift = exp + 3
	}
	return sign ^ byte(exp<<4|x>>shift&0xf)
}

// beep is 20 ms of a tone of 1 kHz, or of nothing.
func beep(loud bool) []byte {
	out := make([]byte, 160)
	for i := range out {
		v := int16(0)
		if loud {
			v = int16(12000 * math.Sin(2*math.Pi*float64(i)/8))
		}
		out[i] = alaw(v)
	}
	return out
}

func readSound(t *testing.T, text []byte) Film {
	t.Helper()
	f, err := ReadSound(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// record plays pictures of 25 a second and packets of sound of 20 ms with it, each sent at its moment and held up on
// its way by what lag says.
func record(t *testing.T, w *Writer, from, to int, lag func(n int) time.Duration, hear func(at time.Time, n int) *Sound) {
	t.Helper()
	for n := from; n < to; n++ {
		f := frame(n, sets1)
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			k := 2*n + i
			at := noon.Add(time.Duration(k) * 20 * time.Millisecond)
			if s := hear(at, k); s != nil {
				s.At = s.At.Add(lag(k))
				w.Hear(*s)
			}
		}
	}
}

func never(int) time.Duration { return 0 }

func phone(at time.Time, k int) *Sound {
	return &Sound{Codec: PCMA, Time: uint32(k*160) - 400, At: at, From: 1, Data: beep(false)}
}

func TestSoundStandsBesideThePicturesOfItsMoment(t *testing.T) {
	for name, c := range map[string]struct {
		codec string
		rate  int
		data  []byte
	}{"opus": {Opus, 48000, []byte{0xf8, 1, 2, 3}}, "flac": {PCMA, 8000, beep(true)}} {
		h := &hall{}
		w := NewWriter(h)
		// It begins three seconds in, and is jittered by up to 30 ms.
		record(t, w, 0, 25*70, func(k int) time.Duration { return time.Duration(k*7%30) * time.Millisecond }, func(at time.Time, k int) *Sound {
			if k < 150 {
				return nil
			}
			return &Sound{Codec: c.codec, Time: uint32(k * c.rate / 50), At: at, From: 1, Data: c.data}
		})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if len(h.sounds) != 2 || h.ended[0].Sound != name || h.ended[0].SoundBytes != int64(h.sounds[0].Len()) {
			t.Fatalf("%s: %d files, %+v", name, len(h.sounds), h.ended[0])
		}
		for i, text := range h.sounds {
			f := readSound(t, text.Bytes())
			pictures := read(t, h.files[i].Bytes())
			if f.Codec != name || (f.Duration-pictures.Duration).Abs() > 60*time.Millisecond {
				t.Errorf("%s: segment %d sounds until %s, shows until %s", name, i, f.Duration, pictures.Duration)
			}
		}
		// The first packet with a sound in it is at three seconds.
		text := h.sounds[0].Bytes()
		f := readSound(t, text)
		first := time.Duration(-1)
		for _, p := range f.Parts {
			list, err := pictures(bytes.NewReader(text), p, f.rate)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range list {
				if got, _ := one.read(bytes.NewReader(text)); first < 0 && !bytes.Equal(got, (tone{name: name, rate: f.rate}).silence(one.at)) {
					first = time.Duration(one.at) * time.Second / time.Duration(f.rate)
				}
			}
		}
		if d := first - 3*time.Second; d.Abs() > 40*time.Millisecond {
			t.Errorf("%s: it begins at %s", name, first)
		}
	}
}

func TestSoundThatStopsOrIsLostBecomesSilence(t *testing.T) {
	h := &hall{}
	w := NewWriter(h)
	record(t, w, 0, 25*20, never, func(at time.Time, k int) *Sound {
		if (k > 200 && k < 260) || k > 600 {
			return nil
		}
		return phone(at, k)
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f := readSound(t, h.sounds[0].Bytes())
	if (f.Duration - 20*time.Second).Abs() > 60*time.Millisecond {
		t.Errorf("lasts %s of 20 s", f.Duration)
	}
	for i, p := range f.Parts {
		if i > 0 && p.Time != f.Parts[i-1].Time+f.Parts[i-1].Duration {
			t.Errorf("part %d begins at %s, the one before ends at %s", i, p.Time, f.Parts[i-1].Time+f.Parts[i-1].Duration)
		}
	}
}

// A burst after a link that stood still, a sender that begins anew and a clock that is a thousandth too fast: sound
// stays within 100 ms of its moment.
func TestSoundStaysTogetherWithThePictures(t *testing.T) {
	for name, c := range map[string]struct {
		lag  func(k int) time.Duration
		time func(k int) uint32
		from func(k int) any
	}{
		"burst": {lag: func(k int) time.Duration {
			if k > 500 && k < 540 {
				return time.Duration(540-k) * 20 * time.Millisecond
			}
			return 0
		}},
		"anew": {time: func(k int) uint32 { return uint32(k*160 + k/700*1_000_000) }, from: func(k int) any { return k / 700 }},
		"fast": {time: func(k int) uint32 { return uint32(float64(k*160) * 1.001) }},
	} {
		h := &hall{}
		w := NewWriter(h)
		if c.lag == nil {
			c.lag = never
		}
		mark := 45 * 50 // 45 s in
		record(t, w, 0, 25*55, c.lag, func(at time.Time, k int) *Sound {
			s := phone(at, k)
			s.Data = beep(k == mark)
			if c.time != nil {
				s.Time = c.time(k)
			}
			if c.from != nil {
				s.From = c.from(k)
			}
			return s
		})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text := h.sounds[0].Bytes()
		f := readSound(t, text)
		found := time.Duration(-1)
		for _, p := range f.Parts {
			list, err := pictures(bytes.NewReader(text), p, f.rate)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range list {
				if got, _ := one.read(bytes.NewReader(text)); bytes.Equal(got, ofALaw(beep(true), uint64(one.at))) {
					found = time.Duration(one.at) * time.Second / time.Duration(f.rate)
				}
			}
		}
		if d := found - 45*time.Second; d.Abs() > 100*time.Millisecond {
			t.Errorf("%s: what was heard at 45 s stands at %s", name, found)
		}
	}
}

func TestPicturesGoOnWithoutSound(t *testing.T) {
	h := &hall{refuse: true}
	w := NewWriter(h)
	record(t, w, 0, 100, never, phone)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := h.ended[0]; got.Duration != 4*time.Second || got.Sound != "" {
		t.Errorf("got %+v", got)
	}
	// Rubbish is passed over.
	good := &hall{}
	w = NewWriter(good)
	record(t, w, 0, 100, never, func(at time.Time, k int) *Sound {
		s := phone(at, k)
		switch k % 4 {
		case 0:
			s.Codec = "audio/mp4a"
		case 1:
			s.Codec, s.Data = Opus, []byte{3}
		case 2:
			s.Data = nil
		}
		return s
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := good.ended[0]; got.Duration != 4*time.Second {
		t.Errorf("got %+v", got)
	}
}

func TestLengthOfOpusPackets(t *testing.T) {
	for _, c := range []struct {
		data []byte
		want int64
	}{
		{[]byte{0xf8}, 960},
		{[]byte{0x78}, 960},
		{[]byte{0x18}, 2880},
		{[]byte{0x79, 0}, 1920},
		{[]byte{0x7b, 3}, 2880},
		{[]byte{0x1b, 63}, 0},
		{[]byte{0x7b}, 0},
		{nil, 0},
		{[]byte{0x80}, 120},
	} {
		if got := opusLength(c.data); got != c.want {
			t.Errorf("% x: %d, want %d", c.data, got, c.want)
		}
	}
}

// A stranger's decoder reads what is written: a beep in the third second of a clip, together with its pictures.
func TestClipWithSoundIsReadByFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is missing; test/prepare.sh installs it")
	}
	h := &hall{}
	w := NewWriter(h)
	record(t, w, 0, 25*10, never, func(at time.Time, k int) *Sound {
		s := phone(at, k)
		s.Data = beep(k >= 250 && k < 300) // from 5 s to 6 s
		return s
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	film, sound := read(t, h.files[0].Bytes()), readSound(t, h.sounds[0].Bytes())
	p := NewPack(film)
	a, b, err := p.Add(bytes.NewReader(h.files[0].Bytes()), film, 2*time.Second, 9*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AddSound(bytes.NewReader(h.sounds[0].Bytes()), sound, a, b, 0); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "clip.mp4")
	var out bytes.Buffer
	if err := errors.Join(p.Write(&out), os.WriteFile(path, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd := exec.CommandContext(t.Context(), ffmpeg, "-loglevel", "error", "-i", path, "-vn", "-f", "s16le", "-ac", "1", "-ar", "8000", "pipe:1")
	cmd.Stderr = &said
	pcm, err := cmd.Output()
	if err != nil || strings.Contains(said.String(), "flac") { // of the pictures, which are none, it complains
		t.Fatalf("%v: %s", err, said.String())
	}
	loud := -1
	for i := 0; i+1 < len(pcm); i += 2 {
		if v := int16(binary.LittleEndian.Uint16(pcm[i:])); loud < 0 && (v > 8000 || v < -8000) {
			loud = i / 2
		}
	}
	if at := time.Duration(loud) * time.Second / 8000; (at - 3*time.Second).Abs() > 40*time.Millisecond {
		t.Errorf("the beep is at %s of the clip", at)
	}
	if d := time.Duration(len(pcm)/2) * time.Second / 8000; (d - (b - a)).Abs() > 60*time.Millisecond {
		t.Errorf("sounds %s, shows %s", d, b-a)
	}
}

func FuzzReadSound(f *testing.F) {
	h := &hall{}
	w := NewWriter(h)
	for n := range 60 {
		_ = w.Write(frame(n, sets1))
		w.Hear(*phone(noon.Add(time.Duration(n)*40*time.Millisecond), n))
	}
	_ = w.Close()
	f.Add(h.sounds[0].Bytes())
	f.Add(h.files[0].Bytes())
	f.Fuzz(func(_ *testing.T, text []byte) {
		got, err := ReadSound(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return
		}
		for _, p := range got.Parts {
			_, _ = pictures(bytes.NewReader(text), p, got.rate)
		}
	})
}
