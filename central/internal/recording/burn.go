package recording

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Burner draws time and watermark into the pictures of an MP4 by a program of the operator's, ffmpeg with libx264
// and libass (https://ffmpeg.org/ffmpeg-filters.html#ass). The zero Burner does nothing.
type Burner struct {
	Program   string // ffmpeg, by name or path; empty: nothing is burned in
	Watermark string // beside who took it
}

const overlayFile = "overlay.ass"

// overlay is what is drawn over a file, as a script of Advanced SubStation Alpha: a line for each second of what
// the file shows, and one that stays.
func overlay(f ClipFile, camera, mark string) string {
	plain := strings.NewReplacer("\\", "/", "{", "(", "}", ")", "\n", " ", "\r", " ")
	var b strings.Builder
	size := max(16, f.Height/24)
	fmt.Fprintf(&b, "[Script Info]\nScriptType: v4.00+\nPlayResX: %d\nPlayResY: %d\nWrapStyle: 2\n\n", max(f.Width, 16), max(f.Height, 16))
	b.WriteString("[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV\n")
	fmt.Fprintf(&b, "Style: Time,Noto Sans CJK SC,%d,&H00FFFFFF,&H60000000,&H60000000,3,3,0,1,12,12,10\n", size)
	fmt.Fprintf(&b, "Style: Mark,Noto Sans CJK SC,%d,&H50FFFFFF,&H90000000,&H90000000,1,1,0,9,12,12,10\n\n", max(14, size*3/4))
	b.WriteString("[Events]\nFormat: Layer, Start, End, Style, Text\n")
	at := func(seconds float64) string {
		c := int64(seconds*100 + 0.5)
		return fmt.Sprintf("%d:%02d:%02d.%02d", c/360000, c/6000%60, c/100%60, c%100)
	}
	fmt.Fprintf(&b, "Dialogue: 0,%s,%s,Mark,%s\n", at(0), at(f.Seconds), plain.Replace(mark))
	for _, s := range f.Stretches {
		for t := s.From; t.Before(s.To); {
			next := earlier(t.Truncate(time.Second).Add(time.Second), s.To)
			fmt.Fprintf(&b, "Dialogue: 0,%s,%s,Time,%s  %s\n", at(s.At+t.Sub(s.From).Seconds()), at(s.At+next.Sub(s.From).Seconds()), china(t).Format("2006-01-02 15:04:05 UTC-07"), plain.Replace(camera))
			t = next
		}
	}
	return b.String()
}

// burn makes name in dir a copy with time and watermark. done hears how many seconds of it are there.
func (b Burner) burn(ctx context.Context, dir string, f ClipFile, name, camera, mark string, done func(seconds float64)) error {
	script := filepath.Join(dir, overlayFile)
	if err := os.WriteFile(script, []byte(overlay(f, camera, mark)), 0o600); err != nil {
		return fmt.Errorf("write overlay: %w", err)
	}
	defer func() { _ = os.Remove(script) }()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute+time.Duration(20*f.Seconds)*time.Second)
	defer cancel()
	// The program comes from the configuration; names are our own and relative to dir.
	cmd := exec.CommandContext(ctx, b.Program, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-i", f.Name, "-vf", "ass="+overlayFile, //nolint:gosec // see above
		"-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "copy", "-movflags", "+faststart", "-progress", "pipe:1", name)
	cmd.Dir = dir
	var wrong bytes.Buffer
	cmd.Stderr = &limited{Buffer: &wrong}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("burn time into clip: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("burn time into clip: %w", err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "out_time_us="); ok {
			if us, err := strconv.ParseInt(text, 10, 64); err == nil {
				done(float64(us) / 1e6)
			}
		}
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil {
		return fmt.Errorf("burn time into clip: %w: %.500s", err, wrong.String())
	}
	return nil
}

// limited keeps the beginning of what a program complains of.
type limited struct{ *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len() < 4096 {
		l.Buffer.Write(p)
	}
	return len(p), nil
}
