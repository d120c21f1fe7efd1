package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/picture"
)

// told is what a file says beside its picture; none of it may pass.
var told = []string{"HUAWEI", "Mate 60", "GPS-LAT-32.33", "王队", "serial-4711", "ftypmp42"}

func drawing() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			m.Set(x, y, color.RGBA{uint8(x * 4), uint8(y * 5), 90, 255})
		}
	}
	return m
}

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func plainJPEG(t testing.TB) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, drawing(), nil) })
}

func plainPNG(t testing.TB) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, drawing()) })
}

// exif is what a phone writes: make, model, which side is up, and a directory of GPS with a latitude.
func exif(order binary.AppendByteOrder, up int) []byte {
	mark := "MM\x00*"
	if order == binary.LittleEndian {
		mark = "II*\x00"
	}
	b := order.AppendUint32([]byte(mark), 8)
	values := []byte("HUAWEI\x00Mate 60\x00GPS-LAT-32.33\x00")
	const entries = 4
	data := uint32(8 + 2 + 12*entries + 4)
	entry := func(tag, kind uint16, count, value uint32) {
		b = order.AppendUint16(b, tag)
		b = order.AppendUint16(b, kind)
		b = order.AppendUint32(b, count)
		if kind == 3 { // short: on the left of its four bytes
			b = order.AppendUint16(b, uint16(value))
			b = append(b, 0, 0)
			return
		}
		b = order.AppendUint32(b, value)
	}
	b = order.AppendUint16(b, entries)
	entry(0x010F, 2, 7, data)
	entry(0x0110, 2, 8, data+7)
	entry(0x0112, 3, 1, uint32(up))
	entry(0x8825, 4, 1, data+15) // the directory of GPS
	b = order.AppendUint32(b, 0)
	return append(b, values...)
}

func segment(marker byte, body string) []byte {
	out := binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(body)+2))
	return append(out, body...)
}

// phoneJPEG is a photo as a phone keeps it, with everything that it says of itself.
func phoneJPEG(t testing.TB, order binary.AppendByteOrder, up int) []byte {
	raw := plainJPEG(t)
	out := bytes.Clone(raw[:2])
	for _, s := range [][]byte{
		segment(0xE0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01GPS"), // a small picture of one pixel
		segment(0xE1, "Exif\x00\x00"+string(exif(order, up))),
		segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00<x:creator>王队</x:creator>"),
		segment(0xE2, "MPF\x00serial-4711"),
		segment(0xED, "Photoshop 3.0\x00serial-4711"),
		segment(0xFE, "serial-4711"),
	} {
		out = append(out, s...)
	}
	out = append(out, raw[2:]...)
	return append(out, "....ftypmp42 the film of a moving photo"...)
}

func chunk(name, body string) []byte {
	out := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), name...)
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func phonePNG(t testing.TB) []byte {
	raw := plainPNG(t)
	head := 8 + 25
	out := bytes.Clone(raw[:head])
	out = append(out, chunk("eXIf", string(exif(binary.BigEndian, 6)))...)
	out = append(out, chunk("tEXt", "Author\x00王队")...)
	out = append(out, chunk("prVt", "serial-4711")...)
	out = append(out, raw[head:]...)
	return append(out, "ftypmp42"...)
}

// tinyWebP is one pixel, lossless, as the smallest file of the format has it.
const tinyWebP = "VP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"

func phoneWebP() []byte {
	little := func(name, body string) string {
		out := string(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))) + body
		return out + strings.Repeat("\x00", len(body)%2)
	}
	body := "WEBP" + little("VP8X", "\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00") + tinyWebP + little("EXIF", string(exif(binary.BigEndian, 1))) + little("XMP ", "王队!") + little("priv", "serial-4711")
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body+"ftypmp42"...)
}

func TestNothingButThePicturePasses(t *testing.T) {
	for name, c := range map[string]struct {
		data   []byte
		kind   string
		decode func([]byte) (image.Image, error)
	}{
		"JPEG, Motorola": {phoneJPEG(t, binary.BigEndian, 6), "image/jpeg", func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }},
		"JPEG, Intel":    {phoneJPEG(t, binary.LittleEndian, 8), "image/jpeg", func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }},
		"PNG":            {phonePNG(t), "image/png", func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }},
	} {
		before, err := c.decode(c.data)
		if err != nil {
			t.Fatalf("%s: the picture of the test is none: %v", name, err)
		}
		out, kind, err := picture.Strip(c.data)
		if err != nil || kind != c.kind {
			t.Fatalf("%s: %q %v", name, kind, err)
		}
		for _, word := range told {
			if !bytes.Contains(c.data, []byte(word)) && (word == "HUAWEI" || word == "ftypmp42") {
				t.Errorf("%s: the file of the test does not say %q", name, word)
			}
			if bytes.Contains(out, []byte(word)) {
				t.Errorf("%s still says %q", name, word)
			}
		}
		after, err := c.decode(out)
		if err != nil {
			t.Fatalf("%s cannot be drawn any more: %v", name, err)
		}
		if !same(before, after) {
			t.Errorf("%s: another picture", name)
		}
		again, _, err := picture.Strip(out)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("%s: a second time makes another file (%v)", name, err)
		}
	}
}

// What is drawn must stand there byte by byte, and nothing else.
func TestOfAWebPOnlyThePictureStays(t *testing.T) {
	want := "RIFF\x2c\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + strings.Repeat("\x00", 10) + tinyWebP
	out, kind, err := picture.Strip(phoneWebP())
	if err != nil || kind != "image/webp" || string(out) != want {
		t.Errorf("%q %v: %q", kind, err, out)
	}
}

func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				return false
			}
		}
	}
	return true
}

func TestWhichSideIsUpStays(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		for up := range 10 {
			out, _, err := picture.Strip(phoneJPEG(t, order, up))
			if err != nil {
				t.Fatal(err)
			}
			i := bytes.Index(out, []byte("\x01\x12\x00\x03\x00\x00\x00\x01\x00"))
			if up < 2 || up > 8 {
				if i >= 0 {
					t.Errorf("%d: says which side is up", up)
				}
			} else if i < 0 || int(out[i+9]) != up {
				t.Errorf("%d: not kept", up)
			}
		}
	}
}

func TestColoursStay(t *testing.T) {
	raw := plainJPEG(t)
	profile, adobe := segment(0xE2, "ICC_PROFILE\x00\x01\x01profile"), segment(0xEE, "Adobe\x00\x64\x00\x00\x00\x00\x01")
	in := bytes.Join([][]byte{raw[:2], profile, adobe, raw[2:]}, nil)
	out, _, err := picture.Strip(in)
	if err != nil || !bytes.Contains(out, profile) || !bytes.Contains(out, adobe) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNoWholePictureIsRefused(t *testing.T) {
	j, p, w := phoneJPEG(t, binary.BigEndian, 1), plainPNG(t), phoneWebP()
	for name, data := range map[string][]byte{
		"nothing": nil, "words": []byte("<script>"), "HEIC": []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "GIF": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
		"JPEG without a picture": {0xFF, 0xD8, 0xFF, 0xD9}, "JPEG cut in its head": j[:200], "JPEG cut in its picture": plainJPEG(t)[:700],
		"PNG cut": p[:len(p)-13], "PNG with a chunk that must be known": bytes.Join([][]byte{p[:33], chunk("NEWC", "x"), p[33:]}, nil),
		"JPEG that says it is larger than it may be": sized(t, j, 60000, 60000), "JPEG that says it is larger than it is": sized(t, j, 640, 480), "JPEG with another's picture in it": noise(t, j),
		"PNG of nothing but its chunks": bytes.Join([][]byte{p[:33], chunk("IDAT", "x"), chunk("IEND", "")}, nil),
		"WebP cut":                      w[:40], "WebP without a picture": []byte("RIFF\x04\x00\x00\x00WEBP"),
	} {
		if out, _, err := picture.Strip(data); !errors.Is(err, picture.ErrForm) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
}

// sized is a JPEG whose frame says another size.
func sized(t *testing.T, data []byte, w, h uint16) []byte {
	t.Helper()
	i := bytes.Index(data, []byte{0xFF, 0xC0, 0x00, 0x11, 0x08})
	if i < 0 {
		t.Fatal("no frame")
	}
	out := bytes.Clone(data)
	binary.BigEndian.PutUint16(out[i+5:], h)
	binary.BigEndian.PutUint16(out[i+7:], w)
	return out
}

// noise is a JPEG with its head and its end, and something else where the picture was.
func noise(t *testing.T, data []byte) []byte {
	t.Helper()
	i := bytes.Index(data, []byte{0xFF, 0xDA})
	return bytes.Join([][]byte{data[:i+14], bytes.Repeat([]byte("<script>"), 20), {0xFF, 0xD9}}, nil)
}

// A camera's own file passes, and what stands of the bound passes or does not.
func TestHowLargeAPictureMayBe(t *testing.T) {
	for side, want := range map[int]error{4096: nil, 4104: picture.ErrForm} {
		data := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, image.NewGray(image.Rect(0, 0, side, side)), nil) })
		if _, _, err := picture.Strip(data); !errors.Is(err, want) {
			t.Errorf("%d: %v", side, err)
		}
	}
}

// A small file that asks to be drawn a thousand times over would hold the centre up.
func TestHowOftenAPictureMayBeDrawnOver(t *testing.T) {
	j := plainJPEG(t)
	i := bytes.Index(j, []byte{0xFF, 0xDA})
	for scans, want := range map[int]error{64: nil, 65: picture.ErrForm} {
		data := bytes.Join([][]byte{j[:i], bytes.Repeat(j[i:len(j)-2], scans), {0xFF, 0xD9}}, nil)
		if _, _, err := picture.Strip(data); !errors.Is(err, want) {
			t.Errorf("%d times: %v", scans, err)
		}
	}
}

func FuzzStrip(f *testing.F) {
	f.Add(phoneJPEG(f, binary.BigEndian, 6))
	f.Add(phoneJPEG(f, binary.LittleEndian, 3))
	f.Add(phonePNG(f))
	f.Add(phoneWebP())
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xE1, 0, 2, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, data []byte) {
		out, kind, err := picture.Strip(data)
		if err != nil {
			return
		}
		if len(out) > len(data)+64 {
			t.Fatalf("%d bytes became %d", len(data), len(out))
		}
		again, same, err := picture.Strip(out)
		if err != nil || same != kind || !bytes.Equal(again, out) {
			t.Fatalf("a second time: %v", err)
		}
	})
}
