package document

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode"

	"github.com/signintech/gopdf"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Fonts are the files from which PDFs take their letters. 仿宋_GB2312, 楷体_GB2312 and 方正小标宋 may not be given
// away: who has them puts them into a folder, under the names below. Without, free ones of Debian stand in: AR PL
// SungtiL GB and AR PL KaitiM GB (Arphic Public License), Droid Sans Fallback (Apache 2.0) and DejaVu Sans (its
// own, free licence), which may be embedded. Whatever a face lacks is taken from the others in turn.
type Fonts struct {
	Dir string // of the operator; empty: none
}

// fontFile says where the letters of a face are: in the operator's folder, or in the system.
func fontFile(f Face) (own string, free []string) {
	song := "/usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf"
	switch f {
	case Fang:
		return "fangsong.ttf", []string{song}
	case Biao:
		return "xiaobiaosong.ttf", []string{song}
	case Hei:
		return "heiti.ttf", []string{"/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", "/usr/share/fonts/truetype/droid/DroidSansFallback.ttf"}
	case Kai:
		return "kaiti.ttf", []string{"/usr/share/fonts/truetype/arphic-gkai00mp/gkai00mp.ttf"}
	case Song, extra:
	}
	return "songti.ttf", []string{song}
}

// extra is a font for characters that no other has, as those of names: extra.ttf of the operator's folder.
const extra Face = "extra"

// needed says what to do when there are none.
const needed = "install the Debian packages fonts-arphic-gbsn00lp, fonts-arphic-gkai00mp, fonts-droid-fallback and fonts-dejavu-core, or put fangsong.ttf, xiaobiaosong.ttf, heiti.ttf, kaiti.ttf and songti.ttf into the folder that fonts in central.yml names"

// files are the faces that there are, by file; a file serves several.
func (f Fonts) files() (map[Face]string, error) {
	out := map[Face]string{}
	for _, face := range []Face{Fang, Biao, Hei, Kai, Song} {
		own, list := fontFile(face)
		if f.Dir != "" {
			list = append([]string{filepath.Join(f.Dir, own)}, list...)
		}
		for _, file := range list {
			if _, err := os.Stat(file); err == nil {
				out[face] = file
				break
			}
		}
	}
	for _, more := range []string{filepath.Join(f.Dir, "extra.ttf"), "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"} {
		if _, err := os.Stat(more); err == nil && filepath.IsAbs(more) && out[extra] == "" {
			out[extra] = more
		}
	}
	if out[Fang] == "" && out[Song] == "" {
		return nil, errs.Wrap(fs.ErrNotExist, errs.Unavailable, "paper.no_font", "there is no font to print with; "+needed)
	}
	return out, nil
}

// Check reads every font, so that one that cannot be used stops the start and not a signature. None at all is
// told by the first print.
func (f Fonts) Check() error {
	files, err := f.files()
	if err != nil {
		return nil //nolint:nilerr // a centre may run without
	}
	pdf := &gopdf.GoPdf{}
	pdf.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	_, err = load(pdf, files)
	return err
}

// load gives the fonts to a PDF, each file once; the answer names them by face.
func load(pdf *gopdf.GoPdf, files map[Face]string) (names map[Face]string, err error) {
	names = map[Face]string{}
	file := ""
	defer func() {
		// The library reads the tables of a font without looking where they end.
		if r := recover(); r != nil {
			names, err = nil, fmt.Errorf("read font %s: it is no TrueType font with outlines (panic: %v)", file, r)
		}
	}()
	known := map[string]string{}
	for _, face := range []Face{Fang, Song, Biao, Hei, Kai, extra} {
		if file = files[face]; file == "" {
			continue
		}
		if known[file] == "" {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read font: %w", err)
			}
			if err := pdf.AddTTFFontDataWithOption(string(face), text, gopdf.TtfOption{OnGlyphNotFoundSubstitute: func(rune) rune { return geta }}); err != nil {
				return nil, fmt.Errorf("read font %s: %w", file, errors.Join(err, errors.New("only TrueType fonts with outlines can be used, no collections (.ttc) and no .otf")))
			}
			known[file] = string(face)
		}
		names[face] = known[file]
	}
	return names, nil
}

// geta stands for a character that no font has, as printers did it.
const geta = '〓'

// straight tells a character that this layout can set: what is written from the right, or joined, would come out
// wrong even with a font for it.
func straight(r rune) bool {
	return !unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Mongolian, unicode.Tibetan, unicode.Mn, unicode.Me)
}
