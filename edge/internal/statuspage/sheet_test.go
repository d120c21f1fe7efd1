package statuspage

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/crew"
)

// fill puts a text into every string of a value, and something into everything else.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64, reflect.Uint8:
		v.SetUint(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text)
		fill(value, text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				fill(f, text)
			}
		}
	default:
	}
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	values = regexp.MustCompile(`"[^"]*"`)
)

// bones are the tags of a page and the names of their attributes, in order.
func bones(page string) []string {
	out := tags.FindAllString(page, -1)
	for i, tag := range out {
		out[i] = values.ReplaceAllString(tag, `""`)
	}
	return out
}

// pages are both pages in which everything that others may write is one text.
func pages(text string) (terminal, messages string) {
	v := view{Lang: "zh", zone: time.UTC}
	fill(reflect.ValueOf(&v.Status).Elem(), text)
	v.Edge, v.Name, v.Link.Error = text, text, text
	v.Status.Outputs = append(v.Status.Outputs, v.Status.Outputs[0])
	v.Status.Outputs[0].Error, v.Status.Sensors[0].OK, v.Status.Cameras[0].OK = "", false, false
	m := crew.Message{Waiting: true}
	fill(reflect.ValueOf(&m.CrewMessage).Elem(), text)
	m.HasPic = true
	past := m
	past.Waiting, past.Past = false, true
	b := messagesView{Name: text, Lang: "zh", List: []crew.Message{m, past}, zone: time.UTC}
	return v.write(), b.write()
}

func FuzzNobodyWritesMarkup(f *testing.F) {
	for _, text := range []string{
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, `' onmouseover='x`, "&lt;b&gt;", "</style><b>", "<!--", "\x00<b>", "闸口", "../../x?y=1#z", "\xff<",
	} {
		f.Add(text)
	}
	plainTerminal, plainMessages := pages("a")
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || text == "eco" || text == "normal" {
			return // other words of the page
		}
		terminal, messages := pages(text)
		if !slices.Equal(bones(terminal), bones(plainTerminal)) {
			t.Errorf("the page of the terminal has other tags: %q", bones(terminal))
		}
		if !slices.Equal(bones(messages), bones(plainMessages)) {
			t.Errorf("the page of messages has other tags: %q", bones(messages))
		}
		for _, page := range []string{terminal, messages} {
			if strings.ContainsRune(page, 0) {
				t.Error("a zero byte")
			}
		}
	})
}
