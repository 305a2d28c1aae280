package keys

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fmt prints an encoded key, or several one after another, for people:
//
//	("alice", 42, 1.5, 0x00ff, [null, true], 2026-11-22T12:00:00Z, desc(7))
//
// Any bytes print: from the first on that isn't an element, they follow as
// "…0x" and hexadecimal. The form is not meant to be read by programs.
func Fmt(key []byte) string {
	b := []byte{'('}
	for len(key) > 0 {
		if len(b) > 1 {
			b = append(b, ", "...)
		}
		var n int
		if b, n = appendFmt(b, key); n == 0 {
			break
		}
		key = key[n:]
	}
	return string(append(b, ')'))
}

// fmtPart prints a key that may have no encoding.
func fmtPart(k Part) string {
	b, err := k.AppendKey(nil)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return Fmt(b)
}

// appendFmt appends the element at the front of key and returns its length. It
// is 0 when no element is there; then all of key was printed.
func appendFmt(b, key []byte) ([]byte, int) {
	n, err := skip(key, MaxDepth)
	if err != nil {
		return hex.AppendEncode(append(b, "…0x"...), key), 0
	}
	return appendValue(b, Element{string(key[:n])}), n
}

func appendValue(b []byte, e Element) []byte {
	switch v := e.Value().(type) {
	case nil:
		return append(b, "null"...)
	case Bytes:
		return appendBytes(b, string(v))
	case String:
		return strconv.AppendQuote(b, string(v))
	case Float:
		s := v.String()
		if !strings.ContainsAny(s, ".eIn") {
			s += ".0" // so that it doesn't look like an integer
		}
		return append(b, s...)
	case []Element:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendValue(b, e)
		}
		return append(b, ']')
	case Element, Desc[Element]:
		inner := []byte(e.enc)[1:]
		invert(inner)
		b = append(b, "desc"...)
		return append(b, Fmt(inner[:len(inner)-1])...) // without the end
	case interface{ String() string }: // Int, Uint, Bool, UUID, Time
		return append(b, v.String()...)
	}
	return b // no other type is a value
}

// appendBytes prints bytes that are text as b"text", others in hexadecimal.
func appendBytes(b []byte, s string) []byte {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, isControl) {
		return strconv.AppendQuote(append(b, 'b'), s)
	}
	return hex.AppendEncode(append(b, "0x"...), []byte(s))
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }
