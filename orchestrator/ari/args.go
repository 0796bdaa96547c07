package ari

import "strings"

// joinArgs writes application arguments so that Asterisk's argument parser
// gives them back unchanged: what it treats specially is escaped by a backslash.
func joinArgs(args []string) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteByte(',')
		}
		for j := range len(a) {
			if strings.IndexByte(`\,"()[]`, a[j]) >= 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(a[j])
		}
	}
	return b.String()
}

// splitArgs reads application arguments as Asterisk does
// (ast_app_separate_args in main/app.c): a comma separates unless it is
// escaped, quoted, or within brackets; quotes and backslashes are dropped.
func splitArgs(s string) []string {
	if s == "" {
		return nil
	}
	var args []string
	var b strings.Builder
	round, square, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '(':
			round++
		case ')':
			round = max(round-1, 0)
		case '[':
			square++
		case ']':
			square = max(square-1, 0)
		case '"':
			quoted = !quoted
			continue
		case '\\':
			if i+1 < len(s) {
				i++
				b.WriteByte(s[i])
			}
			continue
		case ',':
			if round == 0 && square == 0 && !quoted {
				args = append(args, b.String())
				b.Reset()
				continue
			}
		}
		b.WriteByte(c)
	}
	return append(args, b.String())
}
