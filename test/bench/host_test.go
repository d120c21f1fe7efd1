package main

import (
	"errors"
	"strings"
	"testing"
)

func TestAPartThatFailsSaysWhyAndLeavesTheOthersTheirFigures(t *testing.T) {
	text := report([]figure{
		{"Edge agent, program", "≤ 25 MB", "23.3 MB"},
		notMeasured("paint", errors.New("open the console | no browser\nand a long story")),
	}, []string{"bench"})
	for _, want := range []string{"| Edge agent, program | ≤ 25 MB | 23.3 MB |", "| Part `paint` | – | not measured: open the console / no browser |"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
