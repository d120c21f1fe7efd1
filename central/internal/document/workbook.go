package document

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// What a workbook that somebody hands in may hold. A list of 2000 devices has about 70,000 elements in half a
// megabyte. The library makes hundreds of bytes of an element that takes five, and a few kilobytes of file can
// hold millions of them, so they are counted before it sees any.
const (
	bookBytes    = 4 << 20 // unpacked
	bookRatio    = 100     // unpacked to packed; of parts that are larger than bookSmall
	bookSmall    = 64 << 10
	bookParts    = 200
	bookElements = 150_000 // rows, cells, texts and everything else
	bookTag      = 16 << 10
)

// errBook is returned for what is no workbook, or a larger one than people fill in.
var errBook = errors.New("the file is no XLSX workbook")

// openBook opens a workbook of any origin with bounded memory. It and what reads the rows may panic.
func openBook(raw []byte) (*excelize.File, error) {
	if err := weigh(raw); err != nil {
		return nil, err
	}
	return excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: bookBytes, UnzipXMLSizeLimit: bookBytes})
}

// weigh unpacks every part once, keeping nothing of it, and refuses what is too much.
func weigh(raw []byte) error {
	if !bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return errBook
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return fmt.Errorf("%w: %w", errBook, err)
	}
	if len(z.File) > bookParts {
		return fmt.Errorf("%w: it has more than %d parts", errBook, bookParts)
	}
	all := tally{}
	for _, part := range z.File {
		if part.UncompressedSize64 > bookSmall && part.UncompressedSize64/bookRatio > part.CompressedSize64 {
			return fmt.Errorf("%w: a part is packed more than %d to 1", errBook, bookRatio)
		}
		if err := all.part(part); err != nil {
			return err
		}
	}
	return nil
}

// tally counts over all parts of a workbook.
type tally struct {
	bytes, elements, tag int
	open, begun          bool // inside of a tag, and right behind its first byte
}

func (t *tally) part(part *zip.File) error {
	f, err := part.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", errBook, err)
	}
	defer func() { _ = f.Close() }()
	t.open, t.begun = false, false
	block := make([]byte, 32<<10)
	for {
		n, err := f.Read(block)
		if err := t.count(block[:n]); err != nil {
			return err
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", errBook, err)
		}
	}
}

func (t *tally) count(block []byte) error {
	if t.bytes += len(block); t.bytes > bookBytes {
		return fmt.Errorf("%w: it unpacks to more than %d MB", errBook, bookBytes>>20)
	}
	for _, c := range block {
		if t.begun && c != '/' { // not the end of one that was counted
			t.elements++
		}
		switch t.begun = c == '<'; {
		case t.begun:
			t.open, t.tag = true, 0
		case c == '>':
			t.open = false
		case t.open:
			t.tag++
		}
		if t.elements > bookElements || t.tag > bookTag {
			return fmt.Errorf("%w: it has more than %d elements, or one longer than %d KB", errBook, bookElements, bookTag>>10)
		}
	}
	return nil
}
