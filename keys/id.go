package keys

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/larderdb/larder/backend"
)

// MaxID is the longest text, in bytes, of an id that may be a component of
// another one, so that two of them fit in a primary key.
const MaxID = 120

// maxLoneID is the longest text of an id that is always a key by itself.
const maxLoneID = MaxPrimaryKey - 2

// MaxPrimaryKey is the longest encoding of a primary key, in bytes.
const MaxPrimaryKey = 256

// text is what the ids that are text have in common. The package's description
// has the rules.
type text struct{ s string }

// A kind in a struct makes its type one that no other id's converts to: the
// limits of a JobID aren't those of a UserID.
type kind[ID any] struct{}

// newText checks s for an id of a kind.
func newText(kind, s string, max int) (text, error) {
	class, reason := backend.ErrInvalid, ""
	switch {
	case s == "":
		reason = kind + " is empty"
	case len(s) > max:
		class, reason = backend.ErrTooLarge, kind+" is longer than "+strconv.Itoa(max)+" bytes"
	case !utf8.ValidString(s):
		reason = kind + " is not valid UTF-8"
	case strings.ContainsFunc(s, isControl):
		reason = kind + " holds a control character"
	default:
		return text{s}, nil
	}
	return text{}, &backend.Error{Class: class, Reason: reason}
}

func decodeID(kind string, src []byte, max int) (text, []byte, error) {
	s, rest, err := decodeString(src)
	if err != nil {
		return text{}, src, err
	}
	t, err := newText(kind, s, max)
	if err != nil {
		return text{}, src, corrupt("stored id is not one: " + err.Error())
	}
	return t, rest, nil
}

// unmarshalID reads what MarshalText wrote.
func unmarshalID(kind string, b []byte, max int) (text, error) {
	if len(b) == 0 {
		return text{}, nil
	}
	return newText(kind, string(b), max)
}

// AppendKey appends the encoding of the id, which is that of a string. The
// zero id is an error.
func (t text) AppendKey(dst []byte) ([]byte, error) {
	if t.s == "" {
		return dst, invalid("the zero id can't be a key")
	}
	return append(appendText(dst, codeString, t.s), 0), nil
}

// String returns the id's text.
func (t text) String() string { return t.s }

// IsZero reports whether the id is the zero one, which is no id.
func (t text) IsZero() bool { return t.s == "" }

// MarshalText returns the id's text; the zero id's is empty.
func (t text) MarshalText() ([]byte, error) { return []byte(t.s), nil }
