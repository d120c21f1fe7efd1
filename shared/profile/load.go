package profile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fengsui/fengsui/shared/strict"
)

// Load reads one file. The error names file and line.
func Load(file string) (*Profile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	return Parse(file, text)
}

// LoadDir reads every .yml below a folder; the key is the profile's id. It fails at the first that it cannot read.
func LoadDir(dir string) (map[string]*Profile, error) {
	out, bad, err := ReadDir(dir)
	if err == nil && len(bad) > 0 {
		err = fmt.Errorf("read profiles: %w", bad[0])
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ReadDir reads every .yml below a folder that can be read; the key is the profile's id. What is wrong with the
// others comes in bad, each with file and line. An id in two files is wrong in the second.
func ReadDir(dir string) (out map[string]*Profile, bad []error, err error) {
	out = map[string]*Profile{}
	files := map[string]string{}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".yml" {
			return err
		}
		p, err := Load(path)
		if err != nil {
			bad = append(bad, err)
			return nil
		}
		if before, ok := files[p.ID]; ok {
			bad = append(bad, fmt.Errorf("%s: id: %s is defined already in %s", path, p.ID, before))
			return nil
		}
		out[p.ID], files[p.ID] = p, path
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read profiles: %w", err)
	}
	return out, bad, nil
}

// Parse reads the text of a file; the name is for the error.
func Parse(name string, text []byte) (*Profile, error) {
	var p Profile
	file, err := strict.Decode(name, text, &p)
	if err != nil {
		return nil, err
	}
	p.fill(file)
	if err := file.Locate(p.Validate()); err != nil {
		return nil, err
	}
	return &p, nil
}

// fill sets what was left out; a scale that was written as 0 stays and is refused.
func (p *Profile) fill(file *strict.File) {
	scale := func(list string, i int, into *float64) {
		if *into == 0 && !file.Has(fmt.Sprintf("%s.%d.scale", list, i)) {
			*into = 1
		}
	}
	if p.Modbus != nil {
		for i := range p.Modbus.Registers {
			scale("modbus.registers", i, &p.Modbus.Registers[i].Scale)
		}
	}
	if p.NMEA != nil {
		for i := range p.NMEA.Fields {
			scale("nmea.fields", i, &p.NMEA.Fields[i].Scale)
		}
	}
	if p.HJ212 != nil {
		p.HJ212.fill()
		for i := range p.HJ212.Factors {
			scale("hj212.factors", i, &p.HJ212.Factors[i].Scale)
		}
	}
	if p.SL651 != nil {
		for i := range p.SL651.Elements {
			scale("sl651.elements", i, &p.SL651.Elements[i].Scale)
		}
	}
	if p.SNMP != nil {
		for i := range p.SNMP.Objects {
			scale("snmp.objects", i, &p.SNMP.Objects[i].Scale)
		}
	}
	if p.JSON != nil {
		for i := range p.JSON.Fields {
			scale("json.fields", i, &p.JSON.Fields[i].Scale)
		}
	}
}
