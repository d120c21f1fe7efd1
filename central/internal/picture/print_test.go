package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/fengsui/fengsui/central/internal/picture"
)

// What was frozen goes on paper as it was kept, byte by byte.
func TestAPlainJPEGIsPrintedAsItIs(t *testing.T) {
	out, w, h, err := picture.Print(plainJPEG(t))
	if err != nil || w != 64 || h != 48 {
		t.Fatalf("%d×%d %v", w, h, err)
	}
	if clean, _, _ := picture.Strip(plainJPEG(t)); !bytes.Equal(out, clean) {
		t.Error("it was coded again")
	}
}

// corners are a picture whose corners differ: red, green, blue and white from the upper left one on, clockwise.
func corners(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 0, 0, 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.RGBA{0, 255, 0, 255}
			case x >= w/2:
				c = color.RGBA{0, 0, 255, 255}
			case y >= h/2:
				c = color.RGBA{255, 255, 255, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func colourAt(m image.Image, x, y int) string {
	r, g, b, _ := m.At(x, y).RGBA()
	name := ""
	for i, v := range []uint32{r, g, b} {
		if v > 0x8000 {
			name += "rgb"[i : i+1]
		}
	}
	return name
}

// Which corner of the file stands where once the picture is upright, by what Exif says: the definition of TIFF 6.0,
// where row 0 and column 0 are.
func TestAPictureOfAPhoneStandsUpright(t *testing.T) {
	for up, want := range map[int][4]string{
		1: {"r", "g", "b", "rgb"}, 2: {"g", "r", "rgb", "b"}, 3: {"b", "rgb", "r", "g"}, 4: {"rgb", "b", "g", "r"},
		5: {"r", "rgb", "b", "g"}, 6: {"rgb", "r", "g", "b"}, 7: {"b", "g", "r", "rgb"}, 8: {"g", "b", "rgb", "r"},
	} {
		raw := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, corners(64, 32), nil) })
		in := bytes.Join([][]byte{raw[:2], segment(0xE1, "Exif\x00\x00"+string(exif(binary.BigEndian, up))), raw[2:]}, nil)
		out, w, h, err := picture.Print(in)
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil || m.Bounds().Dx() != w || m.Bounds().Dy() != h {
			t.Fatalf("%d: %d×%d, %v %v", up, w, h, m.Bounds(), err)
		}
		if upright := w > h; upright != (up < 5) {
			t.Errorf("%d: %d×%d", up, w, h)
		}
		if got := [4]string{colourAt(m, 4, 4), colourAt(m, w-5, 4), colourAt(m, w-5, h-5), colourAt(m, 4, h-5)}; got != want {
			t.Errorf("%d: clockwise %v, want %v", up, got, want)
		}
	}
}

func TestWhatIsLargeOrSeenThroughIsDrawnAnew(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 2400, 1600))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(rand.Uint32())
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 8, 8)) // nothing in it but glass
	for name, data := range map[string][]byte{
		"noise": encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, noise, &jpeg.Options{Quality: 95}) }),
		"glass": encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, glass) }),
		"WebP":  phoneWebP(),
	} {
		out, w, h, err := picture.Print(data)
		if err != nil || len(out) > picture.MaxPrint {
			t.Fatalf("%s: %d bytes, %v", name, len(out), err)
		}
		m, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil || m.Bounds().Dx() != w || m.Bounds().Dy() != h || w > 2000 {
			t.Errorf("%s: %d×%d %v", name, w, h, err)
		}
		if name == "glass" && colourAt(m, 4, 4) != "rgb" {
			t.Error("glass is not white on paper")
		}
	}
}

func TestWhatIsNoPictureIsNotPrinted(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("words"), plainJPEG(t)[:700]} {
		if _, _, _, err := picture.Print(data); !errors.Is(err, picture.ErrForm) {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
}

func FuzzPrint(f *testing.F) {
	f.Add(phoneJPEG(f, binary.BigEndian, 6))
	f.Add(phonePNG(f))
	f.Add(phoneWebP())
	f.Fuzz(func(t *testing.T, data []byte) {
		out, w, h, err := picture.Print(data)
		if err != nil {
			return
		}
		if m, err := jpeg.DecodeConfig(bytes.NewReader(out)); err != nil || m.Width != w || m.Height != h || len(out) > picture.MaxPrint {
			t.Fatalf("%d bytes, %d×%d: %v", len(out), w, h, err)
		}
	})
}
