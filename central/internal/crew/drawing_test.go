package crew

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

const good = `[{"kind":"arrow","colour":"red","points":[[0.1,0.2],[0.5,0.5]]},{"kind":"text","colour":"white","points":[[0,1]],"text":"管涌处"}]`

func TestADrawingIsReadStrictly(t *testing.T) {
	if list, err := ParseShapes([]byte(good)); err != nil || len(list) != 2 || words(list) != "管涌处" {
		t.Fatalf("got %+v, %v", list, err)
	}
	stroke := `{"kind":"line","colour":"red","points":[` + strings.Repeat("[0,0],", maxPoints-1) + `[0,0]]}`
	for name, text := range map[string]string{
		"nothing": ``, "no list": `{}`, "an empty list": `[]`, "something after it": good + `[]`, "a script": `[{"kind":"arrow","colour":"red","points":[[0,0],[1,1]],"onload":"x"}]`,
		"no shape": `[{"kind":"image","colour":"red","points":[[0,0]]}]`, "no colour": `[{"kind":"text","colour":"url(x)","points":[[0,0]],"text":"a"}]`,
		"half a point": `[{"kind":"arrow","colour":"red","points":[[0],[1,1]]}]`, "a point in space": `[{"kind":"arrow","colour":"red","points":[[0,0,0],[1,1]]}]`,
		"outside": `[{"kind":"arrow","colour":"red","points":[[0,0],[1.1,0]]}]`, "an arrow to nowhere": `[{"kind":"arrow","colour":"red","points":[[0,0]]}]`,
		"words on an arrow": `[{"kind":"arrow","colour":"red","points":[[0,0],[1,1]],"text":"a"}]`, "a text without words": `[{"kind":"text","colour":"red","points":[[0,0]]}]`,
		"lines": `[{"kind":"text","colour":"red","points":[[0,0]],"text":"a\nb"}]`, "a long text": `[{"kind":"text","colour":"red","points":[[0,0]],"text":"` + strings.Repeat("字", maxLabel+1) + `"}]`,
		"too many points of one": `[{"kind":"line","colour":"red","points":[` + strings.Repeat("[0,0],", maxPoints) + `[0,0]]}]`, "too many points of all": `[` + strings.Repeat(stroke+",", 10) + stroke + `]`,
		"too many shapes": `[` + strings.Repeat(`{"kind":"text","colour":"red","points":[[0,0]],"text":"a"},`, maxShapes) + `{"kind":"text","colour":"red","points":[[0,0]],"text":"a"}]`,
		"too large":       strings.Repeat(" ", maxDrawingLen+1),
	} {
		if _, err := ParseShapes([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzShapes(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`[{"kind":"circle","colour":"blue","points":[[1e-300,0.5],[1,0]]}]`))
	f.Add([]byte(`[null]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ParseShapes(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseShapes(again); err != nil {
			t.Errorf("what was taken is not taken again: %v", err)
		}
		for _, s := range list {
			for _, p := range s.Points {
				if math.IsNaN(p[0]+p[1]) || p[0] < 0 || p[0] > 1 || p[1] < 0 || p[1] > 1 {
					t.Errorf("taken %v", p)
				}
			}
		}
	})
}
