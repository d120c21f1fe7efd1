package paper

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/picture"
)

// Picture is one that a Maker gives to a document. It stands where a line of the text begins with its mark, and that
// line is its caption. Who writes a document moves the line or leaves it out, and never adds a picture of their own.
type Picture struct {
	SHA256  string  `json:"sha256"` // of the file where it is kept, 64 hexadecimal digits
	Width   int     `json:"width"`  // of what is printed; 0: nothing is
	Height  int     `json:"height"`
	Problem Problem `json:"problem,omitempty" enum:"gone,changed,broken,film"` // why it is not printed

	file []byte // of a Maker, as it is kept; later as it is printed
}

// Problem is why a picture is not printed. It is said in its place and stops nothing.
type Problem string

// The problems.
const (
	Gone    Problem = "gone"    // its file is not there any more, or cannot be read
	Changed Problem = "changed" // its file is not the one that was kept
	Broken  Problem = "broken"  // its file is no picture that can be drawn
	Film    Problem = "film"    // it is as the camera coded it, and nothing here draws that
)

// Word is the problem as it stands on paper.
func (p Problem) Word() string {
	return map[Problem]string{
		Gone: "图片未能印出：原文件已不在或读不出", Changed: "图片未能印出：原文件与所存哈希值不符",
		Broken: "图片未能印出：原文件已损坏", Film: "图片未能印出：原文件是摄像机编码的视频帧，须在系统中查看",
	}[p]
}

// MaxPictures is how many a document has; each takes at most picture.MaxPrint bytes.
const MaxPictures = 12

// maxFile is more than any file that is kept has.
const maxFile = 16 << 20

// keyLength is how many digits of the hash stand for a picture in text and caption.
const keyLength = 12

// Key is the short hash by which a text names it.
func (p Picture) Key() string { return p.SHA256[:min(keyLength, len(p.SHA256))] }

// Line is the line of a text at which the picture stands, with its caption.
func (p Picture) Line(caption string) string {
	return "【图 " + p.Key() + "】" + strings.Join(strings.Fields(caption), " ")
}

var pictured = regexp.MustCompile(`^【图 ([0-9a-f]{12})】\s*(.*)$`)

// Read is a picture whose file a Maker has opened, or could not. It closes the file.
func Read(sum string, in io.ReadCloser, err error) Picture {
	p := Picture{SHA256: sum}
	if err == nil {
		p.file, err = io.ReadAll(io.LimitReader(in, maxFile))
		_ = in.Close() // it was read
	}
	switch {
	case errs.KindOf(err) == errs.Conflict:
		p.Problem = Changed
	case err != nil:
		p.Problem = Gone
	}
	return p
}

// drawn is a picture as it is printed.
func (p Picture) drawn() Picture {
	switch {
	case p.Problem != "":
		return p
	case len(p.file) > 12 && bytes.Equal(p.file[4:8], []byte("ftyp")):
		p.Problem = Film
		return p
	}
	var err error
	if p.file, p.Width, p.Height, err = picture.Print(p.file); err != nil {
		p.Problem = Broken
	}
	return p
}

// pictures makes ready what a Maker has found; a picture that is there twice is one.
func (c *Content) pictures() map[string][]byte {
	files, out := map[string][]byte{}, []Picture(nil)
	for _, p := range c.Pictures {
		if slices.ContainsFunc(out, func(q Picture) bool { return q.Key() == p.Key() }) || len(out) == MaxPictures {
			continue
		}
		p = p.drawn()
		if p.Problem == "" {
			files[p.Key()] = p.file
		}
		p.file = nil
		out = append(out, p)
	}
	c.Pictures = out
	return files
}

// Shown finds a picture by the key of a line; one that the document does not have has a problem.
func (c Content) Shown(key string) Picture {
	if i := slices.IndexFunc(c.Pictures, func(p Picture) bool { return p.Key() == key }); i >= 0 {
		return c.Pictures[i]
	}
	return Picture{SHA256: key, Problem: Gone}
}

// PictureFile is a picture of a document that the actor may read, as it is printed.
func (s *Service) PictureFile(ctx context.Context, id, key string) ([]byte, error) {
	p, err := s.Paper(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.Store.Picture(ctx, p.ID, key)
}

// files are those of a document as it would leave now.
func (s *Service) files(ctx context.Context, p Paper, sheet Print) (Files, error) {
	if len(p.Content.Pictures) > 0 {
		var err error
		if sheet.Images, err = s.Store.Pictures(ctx, p.ID); err != nil {
			return Files{}, fmt.Errorf("print pictures: %w", err)
		}
		sheet.Pictures = slices.Clone(sheet.Pictures)
		for i, one := range sheet.Pictures {
			if _, ok := sheet.Images[one.Key()]; !ok && one.Problem == "" {
				sheet.Pictures[i].Problem = Gone
			}
		}
	}
	return s.Printer.Files(sheet)
}
