package recording

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/film"
)

// clipDir is the folder of clips below that of recordings.
const clipDir = ".clips"

func (s *Service) clipPath(id string, name ...string) string {
	return filepath.Join(append([]string{s.Dir, clipDir, id}, name...)...)
}

// films is files that are read in turns, the last few open: pictures and sound of a segment come in turns, and to open
// one in a bucket is a question to its server.
type films struct {
	open func(file string) (source, error)
	kept []keptFilm // the one read last at the end
}

type keptFilm struct {
	file string
	source
}

const openFilms = 4

func (f *films) Close() (err error) {
	for _, one := range f.kept {
		err = errors.Join(err, one.Close())
	}
	f.kept = nil
	return err
}

func (f *films) get(file string) (source, error) {
	at := slices.IndexFunc(f.kept, func(k keptFilm) bool { return k.file == file })
	if at >= 0 {
		k := f.kept[at]
		f.kept = append(slices.Delete(f.kept, at, at+1), k)
		return k.source, nil
	}
	in, err := f.open(file)
	if err != nil {
		return in, err
	}
	if len(f.kept) == openFilms {
		_ = f.kept[0].Close() // only read
		f.kept = slices.Delete(f.kept, 0, 1)
	}
	f.kept = append(f.kept, keptFilm{file, in})
	return in, nil
}

// film is one of them.
func (f *films) film(file string) io.ReaderAt { return oneFilm{f, file} }

type oneFilm struct {
	of   *films
	file string
}

// ReadAt implements io.ReaderAt.
func (o oneFilm) ReadAt(p []byte, at int64) (int, error) {
	in, err := o.of.get(o.file)
	if err != nil {
		return 0, err
	}
	return in.ReadAt(p, at) //nolint:wrapcheck // io.EOF is what callers look for
}

// cut is an MP4 that is being put together.
type cut struct {
	film film.Film
	pack *film.Pack
	file ClipFile
}

// cuts puts what a span has of segments into as few files as can hold it, and says what is missing.
func (s *Service) cuts(ctx context.Context, list []Segment, from, to time.Time, mute bool, in *films) (out []*cut, missing []Gap, err error) {
	found := list[:0]
	for _, g := range list {
		f, _, err := s.readFilm(ctx, g.File, film.Read)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, film.ErrFilm) {
			continue // a gap
		}
		if err != nil {
			return nil, nil, err
		}
		var last *cut
		if len(out) > 0 {
			last = out[len(out)-1]
		}
		if last == nil || !last.film.Same(f) || last.pack.Bytes()+g.Bytes > maxClipFile {
			last = &cut{film: f, pack: film.NewPack(f), file: ClipFile{Width: f.Width, Height: f.Height}}
			out = append(out, last)
		}
		at := last.pack.Duration()
		a, b, err := last.pack.Add(in.film(g.File), f, later(from, g.From).Sub(g.Film), earlier(to, g.To).Sub(g.Film))
		if err != nil {
			return nil, nil, err
		}
		if a < b {
			last.file.Stretches = append(last.file.Stretches, Stretch{At: at.Seconds(), From: g.Film.Add(a).UTC(), To: g.Film.Add(b).UTC(), Source: g.Source})
			found = append(found, g)
			if err := s.addSound(ctx, last, g, a, b, at, mute, in); err != nil {
				return nil, nil, err
			}
		}
	}
	kept := out[:0]
	for _, c := range out {
		if c.pack.Bytes() > 0 {
			kept = append(kept, c)
		}
	}
	missing = []Gap{}
	for _, g := range gaps(found, from, to, seam) {
		missing = append(missing, Gap{g.From.UTC(), g.To.UTC()})
	}
	return kept, missing, nil
}

// addSound puts the sound of a segment beside its pictures. Sound that is gone or broken is none.
func (s *Service) addSound(ctx context.Context, c *cut, g Segment, a, b, at time.Duration, mute bool, in *films) error {
	if mute || g.Sound == "" {
		return nil
	}
	f, _, err := s.readFilm(ctx, soundFile(g), film.ReadSound)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, film.ErrFilm) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.pack.AddSound(in.film(soundFile(g)), f, a, b, at)
}

// write puts the MP4 on the disk. done hears how many bytes of pictures are written.
func (c *cut) write(ctx context.Context, path string, done func(n int64)) (err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return fmt.Errorf("write clip: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	sum := sha256.New()
	if err := c.pack.Write(&counted{ctx: ctx, w: io.MultiWriter(out, sum), done: done}); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return fmt.Errorf("write clip: %w", err)
	}
	info, err := out.Stat()
	if err != nil {
		return fmt.Errorf("write clip: %w", err)
	}
	c.file.Name, c.file.Bytes, c.file.SHA256, c.file.Seconds = filepath.Base(path), info.Size(), hex.EncodeToString(sum.Sum(nil)), c.pack.Duration().Seconds()
	c.file.Sound = c.pack.Sounds()
	return nil
}

// counted is a writer that tells how far it is and stops with its context.
type counted struct {
	ctx  context.Context //nolint:containedctx // of one call
	w    io.Writer
	n    int64
	done func(int64)
}

func (c *counted) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, fmt.Errorf("write clip: %w", err)
	}
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.done(c.n)
	return n, err //nolint:wrapcheck // pack says what it does
}

// hashed is size and hash of a file.
func hashed(path string) (size int64, digest string, err error) {
	in, err := os.Open(path)
	if err != nil {
		return 0, "", fmt.Errorf("read clip: %w", err)
	}
	defer func() { _ = in.Close() }()
	sum := sha256.New()
	if size, err = io.Copy(sum, in); err != nil {
		return 0, "", fmt.Errorf("read clip: %w", err)
	}
	return size, hex.EncodeToString(sum.Sum(nil)), nil
}
