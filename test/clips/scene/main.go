// Command scene draws the frames of the demonstration clips as raw rgb24 on standard output; make.sh
// pipes them into ffmpeg. Rule that must never break: the last frame leads into the first, because the
// simulated cameras play the clips for ever, and no real place or company can be recognised.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

// The strip of black and white blocks carries the frame number in Gray code for the benchmarks.
const (
	width, height = 960, 540
	blocks        = 12
	block         = 8
)

func main() {
	name := flag.String("scene", "sluice", "sluice or harbour")
	frames := flag.Int("frames", 240, "frames of one loop")
	only := flag.Int("only", -1, "draw this frame only")
	flag.Parse()
	if err := run(*name, *frames, *only); err != nil {
		fmt.Fprintln(os.Stderr, "scene:", err)
		os.Exit(1)
	}
}

func run(name string, frames, only int) error {
	draw, ok := map[string]func(*Canvas, float64){"sluice": sluice, "harbour": harbour}[name]
	if !ok {
		return fmt.Errorf("%q is neither sluice nor harbour", name)
	}
	out := bufio.NewWriterSize(os.Stdout, 4<<20)
	var buf []byte
	for i := range frames {
		if only >= 0 && i != only {
			continue
		}
		c := newCanvas(width, height)
		draw(c, float64(i)/float64(frames))
		number(c, i)
		buf = c.Bytes(buf)
		if _, err := out.Write(buf); err != nil {
			return fmt.Errorf("write frame %d: %w", i, err)
		}
	}
	return out.Flush()
}

func number(c *Canvas, frame int) {
	gray := frame ^ frame>>1
	for i := range blocks {
		col := rgb(16, 16, 16)
		if gray>>(blocks-1-i)&1 == 1 {
			col = rgb(236, 236, 236)
		}
		x := float64(width - (blocks-i)*block)
		c.Box(col, x, height-block, x+block, height)
	}
}
