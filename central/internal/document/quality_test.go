package document

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
)

// The vocabulary names the qualities; files and screens say the same words.
func TestQualityHasOneWord(t *testing.T) {
	vocabulary, err := os.ReadFile("../../../firmware-configs/vocabulary/properties.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(vocabulary), "qualities:")
	named := regexp.MustCompile(`\{id: (\d), name: (\S+), name_en: (\S+)\}`).FindAllStringSubmatch(list, -1)
	if len(named) != int(wire.Bad)+1 {
		t.Fatalf("the vocabulary names %d qualities, want %d", len(named), wire.Bad+1)
	}
	for language, column := range map[string]int{"zh-CN": 2, "en": 3} {
		text, err := os.ReadFile("../../web/src/i18n/" + language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]string
		if err := json.Unmarshal(text, &words); err != nil {
			t.Fatal(err)
		}
		for _, one := range named {
			id, err := strconv.Atoi(one[1])
			if err != nil {
				t.Fatal(err)
			}
			key := "sensor.quality." + []string{"good", "uncertain", "bad"}[id]
			file := Wording{English: language == "en"}.quality(wire.Quality(id)) //nolint:gosec // 0 to 2
			if want := one[column]; !strings.EqualFold(words[key], want) || !strings.EqualFold(file, want) {
				t.Errorf("quality %d in %s: the screen says %q, the file %q, the vocabulary %q", id, language, words[key], file, want)
			}
		}
	}
}
