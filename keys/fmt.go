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
	return appendElement(b, key[:n]), n
}

// appendElement appends the valid element src, for which none of the decoders
// can fail. It goes by the code and not by [Element.Value], so that a program
// that prints keys doesn't link what makes a value of each.
func appendElement(b, src []byte) []byte {
	switch code := src[0]; {
	case code == codeNull:
		return append(b, "null"...)
	case code == codeBytes:
		s, _, _ := decodeText(src, codeBytes)
		return appendBytes(b, s)
	case code == codeString:
		s, _, _ := decodeText(src, codeString)
		return strconv.AppendQuote(b, s)
	case code == codeList:
		b = append(b, '[')
		for i, e := range listElements(src) {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendElement(b, []byte(e.enc))
		}
		return append(b, ']')
	case code >= codeIntMin && code <= codeIntMax:
		abs, negative, _, _ := decodeInt(src)
		if negative {
			b = append(b, '-')
		}
		return strconv.AppendUint(b, abs, 10)
	case code == codeFloat:
		v, _, _ := decodeFloat(src)
		s := Float(v).String()
		if !strings.ContainsAny(s, ".eIn") {
			s += ".0" // so that it doesn't look like an integer
		}
		return append(b, s...)
	case code == codeFalse || code == codeTrue:
		return strconv.AppendBool(b, code == codeTrue)
	case code == codeUUID:
		return append(b, UUID(src[1:]).String()...)
	case code == codeTime:
		t, _, _ := Time{}.DecodeKey(src)
		return append(b, t.String()...)
	}
	inner := append([]byte(nil), src[1:]...)
	invert(inner)
	return append(append(b, "desc"...), Fmt(inner[:len(inner)-1])...) // without the end
}

// appendBytes prints bytes that are text as b"text", others in hexadecimal.
func appendBytes(b []byte, s string) []byte {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, isControl) {
		return strconv.AppendQuote(append(b, 'b'), s)
	}
	return hex.AppendEncode(append(b, "0x"...), []byte(s))
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }
