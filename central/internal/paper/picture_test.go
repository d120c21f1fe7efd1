package paper_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func sumOf(n int) string { return strings.Repeat(fmt.Sprintf("%02x", n), 32) }

// pictured makes documents of a report with the pictures that read gives.
func (r *room) pictured(read func() []paper.Picture) {
	r.Makers = map[paper.Kind]paper.Maker{paper.Report: func(context.Context, account.Org, string) (paper.Content, error) {
		c := paper.Content{Title: "关于某仓库火灾的报告", Text: "一、附图", From: "如东县应急管理局", Pictures: read()}
		for _, p := range c.Pictures {
			c.Text += "\n" + p.Line("洋口外闸")
		}
		return c, nil
	}}
}

func aJPEG(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opened(file []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(file)) }

// What stands in a document is what its maker could read when it was begun: neither what its author sends along nor what
// becomes of the files later changes it, and a file that is broken stops nothing.
func TestPicturesOfADocument(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		file := aJPEG(t, 320, 180)
		all := []paper.Picture{
			paper.Read(sumOf(1), opened(file), nil),
			paper.Read(sumOf(2), nil, errs.E(errs.NotFound, "x", "gone")),
			paper.Read(sumOf(3), nil, errs.E(errs.Conflict, "x", "another file")),
			paper.Read(sumOf(4), opened(file[:len(file)/2]), nil),
			paper.Read(sumOf(5), opened([]byte("\x00\x00\x00\x1cftypiso5....")), nil),
			paper.Read(sumOf(6), nil, errors.New("input/output error")),
			paper.Read(sumOf(1), opened(file), nil),
		}
		r.pictured(func() []paper.Picture { return all })
		p, err := r.Compose(r.officer, paper.Report, "one")
		r.must(err)
		want := []paper.Problem{"", paper.Gone, paper.Changed, paper.Broken, paper.Film, paper.Gone}
		for i, one := range p.Content.Pictures {
			if one.Problem != want[i] || (one.Width == 320) != (i == 0) {
				t.Errorf("picture %d: %+v", i, one)
			}
		}
		if len(p.Content.Pictures) != len(want) {
			t.Fatalf("%d pictures", len(p.Content.Pictures))
		}
		if again, err := r.Compose(r.officer, paper.Report, "one"); err != nil || again.ID != p.ID || again.Stale {
			t.Errorf("the same facts: %v, stale %v, %v", again.ID == p.ID, again.Stale, err)
		}
		key := p.Content.Pictures[0].Key()
		got, err := r.PictureFile(r.officer, p.ID, key)
		if err != nil || !bytes.Equal(got, file) {
			t.Errorf("the file of the picture: %d bytes, %v", len(got), err)
		}
		for who, ctx := range map[string]context.Context{"the city": r.above, "a neighbour": r.beside} {
			if _, err := r.PictureFile(ctx, p.ID, key); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s sees a picture of a draft: %v", who, err)
			}
		}
		if _, err := r.PictureFile(r.officer, p.ID, p.Content.Pictures[1].Key()); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a picture that is gone: %v", err)
		}

		// An author brings none of their own.
		c := p.Content
		c.Pictures = []paper.Picture{{SHA256: sumOf(9), Width: 1, Height: 1}}
		changed, err := r.Change(r.officer, p.ID, p.Version, c)
		r.must(err)
		if len(changed.Content.Pictures) != len(want) {
			t.Errorf("after a change: %+v", changed.Content.Pictures)
		}
		if sheet, _, err := r.Preview(r.officer, p.ID, c); err != nil || len(sheet.Pictures) != len(want) {
			t.Errorf("the preview: %+v %v", sheet.Pictures, err)
		}
		if made, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: c}); err != nil || len(made.Content.Pictures) != 0 {
			t.Errorf("a document that is begun: %+v %v", made.Content.Pictures, err)
		}

		// Its files are gone by the time that it is signed.
		all = []paper.Picture{}
		l, err := r.Letterhead(r.leader)
		r.must(err)
		l.Prefixes = map[paper.Kind]string{paper.Report: "东应急报"}
		_, err = r.SaveLetterhead(r.leader, l)
		r.must(err)
		numbered, err := r.TakeNumber(r.officer, p.ID)
		r.must(err)
		signed := r.sign(numbered)
		_, files, err := r.Files(r.officer, signed.ID)
		r.must(err)
		z, err := zip.NewReader(bytes.NewReader(files.DOCX), int64(len(files.DOCX)))
		r.must(err)
		media := 0
		for _, f := range z.File {
			if strings.HasPrefix(f.Name, "word/media/") {
				media++
			}
		}
		if media != 1 || !bytes.Contains(files.PDF, file) {
			t.Errorf("%d pictures in the DOCX; in the PDF: %v", media, bytes.Contains(files.PDF, file))
		}
		if _, err := r.PictureFile(r.above, p.ID, key); err != nil {
			t.Errorf("the city reads the document without its picture: %v", err)
		}
		if _, err := r.PictureFile(r.beside, p.ID, key); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a neighbour sees a picture: %v", err)
		}

		// What takes its place has it as well, until it is written anew.
		next, err := r.Replace(r.officer, signed.ID)
		r.must(err)
		if got, err := r.PictureFile(r.officer, next.ID, key); err != nil || !bytes.Equal(got, file) {
			t.Errorf("the document that follows: %v", err)
		}
		next, err = r.Refresh(r.officer, next.ID, next.Version)
		r.must(err)
		if _, err := r.PictureFile(r.officer, next.ID, key); errs.KindOf(err) != errs.NotFound || len(next.Content.Pictures) != 0 {
			t.Errorf("written anew: %v %+v", err, next.Content.Pictures)
		}
		r.must(r.Discard(r.officer, next.ID))
	})
}

func TestADocumentHasSoManyPicturesAndNotMore(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	file := aJPEG(t, 64, 36)
	r.pictured(func() (out []paper.Picture) {
		for n := range paper.MaxPictures + 3 {
			out = append(out, paper.Read(sumOf(n+1), opened(file), nil))
		}
		return out
	})
	p, err := r.Compose(r.officer, paper.Report, "one")
	r.must(err)
	if len(p.Content.Pictures) != paper.MaxPictures {
		t.Errorf("%d pictures", len(p.Content.Pictures))
	}
}
