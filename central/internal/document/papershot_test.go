package document_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/shared/testserver"
)

// pictured is a document with so many pictures of a size, and the line of each under the last heading.
func pictured(t *testing.T, sizes ...image.Point) paper.Print {
	t.Helper()
	p := sample()
	p.Annexes, p.Images = nil, map[string][]byte{}
	for n, s := range sizes {
		m := image.NewRGBA(image.Rect(0, 0, s.X, s.Y))
		for i := range s.X * s.Y {
			m.SetRGBA(i%s.X, i/s.X, color.RGBA{uint8(i % s.X), uint8(60 * n), uint8(i / s.X), 255})
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b.Bytes())
		one := paper.Picture{SHA256: hex.EncodeToString(sum[:]), Width: s.X, Height: s.Y}
		p.Pictures, p.Images[one.Key()] = append(p.Pictures, one), b.Bytes()
		p.Text += "\n" + one.Line(fmt.Sprintf("图%d：洋口外闸，2026年11月26日6时20分05秒（北京时间）", n+1))
	}
	return p
}

func TestPicturesStandTwoOnAPageWithTheirCaptions(t *testing.T) {
	p := pictured(t, image.Pt(1280, 720), image.Pt(720, 1280), image.Pt(2000, 200), image.Pt(1900, 190), image.Pt(1910, 180), image.Pt(64, 48))
	shown := 0
	for _, page := range document.Pages(p) {
		if len(page.Shots) > 2 {
			t.Errorf("page %d has %d pictures", page.No, len(page.Shots))
		}
		for _, s := range page.Shots {
			shown++
			if s.X < 28*mm-0.01 || s.X+s.W > (28+156)*mm+0.01 || s.Y < 37*mm-0.01 || s.Y+s.H > (37+225)*mm {
				t.Errorf("page %d: %+v stands outside", page.No, s)
			}
			i := slices.IndexFunc(p.Pictures, func(q paper.Picture) bool { return q.Key() == s.Key })
			near(t, "the picture is as wide as it is high", s.W*float64(p.Pictures[i].Height), s.H*float64(p.Pictures[i].Width), 1)
			for what, text := range map[string]string{"what it shows": fmt.Sprintf("图%d：洋口外闸", i+1), "its hash": "SHA-256 " + s.Key} {
				k := slices.IndexFunc(page.Runs, func(r document.Run) bool { return strings.HasPrefix(r.Text, text) && r.Y > s.Y+s.H })
				if k < 0 || page.Runs[k].Y > s.Y+s.H+3*17 {
					t.Errorf("page %d: under the picture nobody reads %s", page.No, what)
				}
			}
		}
	}
	if shown != 6 {
		t.Errorf("%d pictures of 6", shown)
	}
}

// The files have the pictures byte by byte, so that the hash under them is that of what comes out.
func TestPicturesAreInBothFiles(t *testing.T) {
	p := pictured(t, image.Pt(640, 360), image.Pt(360, 640))
	twice := p.Pictures[0].Line("同一张")
	p.Text += "\n" + twice
	f := printed(t, p)
	if again := printed(t, p); !bytes.Equal(again.PDF, f.PDF) || !bytes.Equal(again.DOCX, f.DOCX) {
		t.Error("the same document came out in two ways")
	}
	docx := parts(t, f.DOCX)
	for key, file := range p.Images {
		if docx["word/media/"+key+".jpg"] != string(file) {
			t.Errorf("the DOCX has another file under %s", key)
		}
		if strings.Count(docx["word/document.xml"], `r:embed="pic`+key+`"`) != 1 || !strings.Contains(docx["word/_rels/document.xml.rels"], `Target="media/`+key+`.jpg"`) {
			t.Errorf("the DOCX does not show %s once", key)
		}
	}
	for _, want := range []string{`Extension="jpg"`} {
		if !strings.Contains(docx["[Content_Types].xml"], want) {
			t.Errorf("no %s", want)
		}
	}
	if text := docx["word/document.xml"]; !strings.Contains(text, "SHA-256 "+p.Pictures[1].SHA256) || !strings.Contains(text, "此图见前") {
		t.Error("the DOCX does not say which file a picture is, or where it was shown before")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "a.pdf")
	if err := os.WriteFile(file, f.PDF, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), testserver.Program(t, "pdfimages"), "-j", file, filepath.Join(dir, "out")).Run(); err != nil {
		t.Fatal(err)
	}
	out, err := filepath.Glob(filepath.Join(dir, "out*"))
	if err != nil || len(out) != 2 {
		t.Fatalf("the PDF has %v, %v", out, err)
	}
	for _, name := range out {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(got)
		if _, ok := p.Images[hex.EncodeToString(sum[:])[:12]]; !ok {
			t.Errorf("%s of the PDF is none of the files", name)
		}
	}
	text, err := exec.CommandContext(t.Context(), testserver.Program(t, "pdftotext"), "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"图1：洋口外闸，2026年11月26日6时20分05秒（北京时间）", "SHA-256 " + p.Pictures[1].Key(), "此图见前"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the PDF does not say %q:\n%s", want, text)
		}
	}
}

func TestAPictureThatIsNotThereIsSaidInWords(t *testing.T) {
	p := pictured(t, image.Pt(640, 360))
	p.Pictures[0].Problem, p.Images = paper.Broken, nil
	p.Text += "\n【图 0123456789ab】手写的一行，" + strings.Repeat("很长的说明", 80)
	f := printed(t, p)
	docx := parts(t, f.DOCX)["word/document.xml"]
	for _, why := range []paper.Problem{paper.Broken, paper.Gone} {
		found := false
		for _, page := range document.Pages(p) {
			found = found || slices.ContainsFunc(page.Runs, func(r document.Run) bool { return r.Text == why.Word() })
			for _, r := range page.Runs {
				if r.X+float64(len([]rune(r.Text)))*r.Pitch/2 > (28+156)*mm+10 {
					t.Errorf("%q stands outside", r.Text)
				}
			}
		}
		if !found || !strings.Contains(docx, why.Word()) {
			t.Errorf("nobody reads %q", why.Word())
		}
	}
	if strings.Contains(docx, "<w:drawing>") || !strings.Contains(docx, "SHA-256 0123456789ab") {
		t.Error("the DOCX shows a picture that there is not, or cuts its hash")
	}
}
