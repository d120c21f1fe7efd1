package version

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

var pattern = regexp.MustCompile(`^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9a-z]+(\.[0-9a-z]+)*)?$`)

// maxLength is the longest version in bytes.
const maxLength = 40

// Valid reports whether a version reads like 1.2.3 or 1.2.3-rc.1 (Semantic Versioning 2.0.0, in lower case
// and without build metadata), so that it is safe in a file name and a URL.
func Valid(v string) bool { return len(v) <= maxLength && pattern.MatchString(v) }

// Compare is negative when a comes before b, 0 when they are the same, positive when it comes after (Semantic
// Versioning 2.0.0 §11). What is not Valid comes before everything.
func Compare(a, b string) int {
	if !Valid(a) || !Valid(b) {
		return cmp.Compare(strconv.FormatBool(Valid(a)), strconv.FormatBool(Valid(b)))
	}
	numbersA, preA, _ := strings.Cut(a, "-")
	numbersB, preB, _ := strings.Cut(b, "-")
	if c := parts(numbersA, numbersB); c != 0 {
		return c
	}
	switch {
	case preA == preB:
		return 0
	case preA == "":
		return 1
	case preB == "":
		return -1
	}
	return parts(preA, preB)
}

// parts compares what stands between dots: numbers by their value and before words; the shorter list first.
func parts(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.ParseUint(as[i], 10, 64)
		y, errY := strconv.ParseUint(bs[i], 10, 64)
		var c int
		switch {
		case errX == nil && errY == nil:
			c = cmp.Compare(x, y)
		case errX == nil:
			c = -1
		case errY == nil:
			c = 1
		default:
			c = cmp.Compare(as[i], bs[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}
