package geo

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Areas are the divisions that a base map knows, with the schematic outline of counties. The zero value knows
// none.
type Areas struct {
	named    []Named
	names    map[Division]string
	outlines map[Division][][][][2]float64 // polygons of rings of points
}

// Named is a division with its name.
type Named struct {
	Code Division
	Name string
}

// LoadAreas reads divisions.json and counties-schematic.geojson of a base map's folder; without the files
// there are no areas.
func LoadAreas(dir string) (*Areas, error) {
	a := &Areas{names: map[Division]string{}, outlines: map[Division][][][][2]float64{}}
	type named struct {
		Code Division `json:"code"`
		Name string   `json:"name"`
	}
	var listed struct {
		Counties  []named `json:"counties"`
		Townships []named `json:"townships"`
	}
	if err := read(filepath.Join(dir, "divisions.json"), &listed); err != nil {
		return nil, err
	}
	for _, one := range append(listed.Counties, listed.Townships...) {
		if one.Code.Valid() {
			a.names[one.Code] = one.Name
			a.named = append(a.named, Named(one))
		}
	}
	var outlines struct {
		Features []struct {
			Properties struct {
				Code Division `json:"code"`
			} `json:"properties"`
			Geometry struct {
				Type        string          `json:"type"`
				Coordinates json.RawMessage `json:"coordinates"`
			} `json:"geometry"`
		} `json:"features"`
	}
	file := filepath.Join(dir, "counties-schematic.geojson")
	if err := read(file, &outlines); err != nil {
		return nil, err
	}
	for _, f := range outlines.Features {
		var polygons [][][][2]float64
		var err error
		if f.Geometry.Type == "Polygon" {
			polygons = make([][][][2]float64, 1)
			err = json.Unmarshal(f.Geometry.Coordinates, &polygons[0])
		} else {
			err = json.Unmarshal(f.Geometry.Coordinates, &polygons)
		}
		if err != nil {
			return nil, fmt.Errorf("read outline of %s in %s: %w", f.Properties.Code, file, err)
		}
		a.outlines[f.Properties.Code] = polygons
	}
	return a, nil
}

func read(file string, into any) error {
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read areas: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// Named lists the divisions, counties first.
func (a *Areas) Named() []Named {
	if a == nil {
		return nil
	}
	return a.named
}

// Knows reports whether a division is in the list. Where there is no list every valid code is known, and so is
// a village (12 digits) of a known township, and what is above all listed ones.
func (a *Areas) Knows(d Division) bool {
	if a == nil || len(a.names) == 0 {
		return d.Valid()
	}
	if !d.Valid() {
		return false
	}
	if _, ok := a.names[d]; ok {
		return true
	}
	for _, one := range a.named {
		if d.Covers(one.Code) || len(one.Code) > 6 && one.Code.Covers(d) {
			return true
		}
	}
	return false
}

// Holds reports whether a point (degrees of WGS 84) lies in the county of a division; known is false where the
// map has no outline of it. The outlines are schematic: a point near the border may lie on either side.
func (a *Areas) Holds(d Division, lon, lat float64) (inside, known bool) {
	if a == nil {
		return false, false
	}
	for code, polygons := range a.outlines {
		if !code.Covers(d) {
			continue
		}
		for _, rings := range polygons {
			// A point inside a hole crosses the hole's ring as well, and so is outside.
			crossings := 0
			for _, ring := range rings {
				crossings += crossed(ring, lon, lat)
			}
			if crossings%2 == 1 {
				return true, true
			}
		}
		return false, true
	}
	return false, false
}

// crossed counts the edges of a ring that lie east of a point at its latitude.
func crossed(ring [][2]float64, lon, lat float64) int {
	n := 0
	for i := range ring {
		p, q := ring[i], ring[(i+1)%len(ring)]
		if (p[1] > lat) != (q[1] > lat) && lon < p[0]+(lat-p[1])/(q[1]-p[1])*(q[0]-p[0]) {
			n++
		}
	}
	return n
}
