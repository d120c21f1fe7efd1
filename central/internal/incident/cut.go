package incident

// Cut shortens a text to so many characters, the last of them a sign that something is missing.
func Cut(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most-1]) + "…"
}
