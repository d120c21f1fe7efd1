package wire

import (
	"strconv"
	"strings"
)

// Merge is one reading in place of several of one series: their mean with their count, at the time of the
// middle one and as good as the worst. It has so few decimals as give back the sum to about its last digit.
// The list must not be empty.
func Merge(list []Reading) Reading {
	m := list[len(list)/2]
	if len(list) == 1 {
		return m
	}
	count, decimals := uint32(0), 0
	for _, r := range list {
		count += max(r.Count, 1)
		decimals = max(decimals, decimalsOf(r.Value))
		m.Quality = max(m.Quality, r.Quality)
	}
	m.Value, m.Count = 0, count
	for _, r := range list {
		m.Value += r.Value / float64(count) * float64(max(r.Count, 1))
	}
	decimals += len(strconv.FormatUint(uint64(count), 10))
	if short, err := strconv.ParseFloat(strconv.FormatFloat(m.Value, 'f', decimals, 64), 64); err == nil {
		m.Value = short
	}
	return m
}

// Plain is a payload that a centre reads which knows no counts: what has none is given back as it is, and a mean
// becomes a reading at its time. The errors are those of Decode and Encode.
func Plain(payload []byte) ([]byte, error) {
	b, err := Decode(payload)
	if err != nil {
		return nil, err
	}
	means := false
	for i := range b.Readings {
		means = means || b.Readings[i].Count > 0
		b.Readings[i].Count = 0
	}
	if !means {
		return payload, nil
	}
	return b.Encode()
}

func decimalsOf(v float64) int {
	_, after, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	return len(after)
}
