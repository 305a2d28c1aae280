package keys

import "unicode/utf8"

// MaxDepth is how many nested tuples and descending elements may lie in one
// another.
const MaxDepth = 64

// An Element is exactly one element of any kind, for keys whose kind is known
// at run time only. Elements of different kinds have an order too: null,
// bytes, strings, lists, integers, floats, bools, UUIDs, descending elements,
// times.
//
// The zero Element holds nothing and is refused as a key.
type Element struct {
	enc string // as AppendKey writes it, validated
}

// Null returns the element that is null.
func Null() Element { return Element{"\x00"} }

// List returns the elements as one, a nested tuple. Lists are ordered by their
// first elements, then by the second, and so on; a list sorts before a longer
// one that begins with it. A zero Element in it, or more than [MaxDepth] of
// lists in lists, is [backend.ErrInvalid].
func List(elements ...Element) (Element, error) {
	b, err := AppendList(nil, len(elements), func(dst []byte, i int) ([]byte, error) {
		return elements[i].AppendKey(dst)
	})
	return Element{string(b)}, err
}

// AppendList appends the encoding of a list of n elements without an
// allocation for each. item appends element i, exactly one; its error is
// returned, with dst as it was. More than [MaxDepth] of lists in lists is
// [backend.ErrInvalid].
//
// The last byte is the list's end. [Within] of the bytes before it is the range
// of all lists that begin with these elements.
func AppendList(dst []byte, n int, item func(dst []byte, i int) ([]byte, error)) ([]byte, error) {
	b := append(dst, codeList)
	for i := range n {
		at := len(b)
		var err error
		if b, err = item(b, i); err != nil {
			return dst, err
		}
		if at < len(b) && b[at] == codeNull {
			b = append(b, escape)
		}
	}
	b = append(b, 0)
	if _, err := skip(b[len(dst):], MaxDepth); err != nil {
		return dst, invalid("lists lie more than 64 deep in one another")
	}
	return b, nil
}

// ElementOf returns k, which must be of one component, as an Element:
// ElementOf(Int(1)), ElementOf(String("a")). What k can't encode, or a tuple,
// is [backend.ErrInvalid].
func ElementOf(k Part) (Element, error) {
	b, err := k.AppendKey(nil)
	if err != nil {
		return Element{}, err
	}
	if n, err := skip(b, MaxDepth); err != nil || n != len(b) {
		return Element{}, invalid("key is not exactly one element")
	}
	return Element{string(b)}, nil
}

// AppendKey appends the element's encoding; the zero Element is an error.
func (e Element) AppendKey(dst []byte) ([]byte, error) {
	if e.enc == "" {
		return dst, invalid("the zero Element can't be a key")
	}
	return append(dst, e.enc...), nil
}

// DecodeKey decodes one element of any kind.
func (Element) DecodeKey(src []byte) (Element, []byte, error) {
	n, err := skip(src, MaxDepth)
	if err != nil {
		return Element{}, src, err
	}
	return Element{string(src[:n])}, src[n:], nil
}

// KeyLen is as in [Sized].
func (Element) KeyLen(src []byte) (int, error) { return skip(src, MaxDepth) }

// String returns the element as [Fmt] prints it, without parentheses.
func (e Element) String() string {
	if e.enc == "" {
		return "no element"
	}
	return string(appendElement(nil, []byte(e.enc)))
}

// Value returns what the element holds, as one of
//
//	nil               null, and the zero Element
//	[Int]             an integer that fits in it
//	[Uint]            a greater one
//	[Float], [String], [Bytes], [Bool], [UUID], [Time]
//	[]Element         a list
//	Desc[Element]     a descending element
//
// A descending element that holds a tuple has no value of these types, and is
// returned as the Element itself.
func (e Element) Value() any {
	if e.enc == "" {
		return nil
	}
	src := []byte(e.enc)
	// e.enc was validated, so that none of the decoders below can fail.
	switch code := src[0]; {
	case code == codeNull:
		return nil
	case code == codeBytes:
		return must[Bytes](src)
	case code == codeString:
		return must[String](src)
	case code == codeList:
		return listElements(src)
	case code >= codeIntMin && code <= codeIntMax:
		if v, err := Decode[Int](src); err == nil {
			return v
		}
		return must[Uint](src)
	case code == codeFloat:
		return must[Float](src)
	case code == codeFalse || code == codeTrue:
		return must[Bool](src)
	case code == codeUUID:
		return must[UUID](src)
	case code == codeTime:
		return must[Time](src)
	}
	if v, err := Decode[Desc[Element]](src); err == nil {
		return v
	}
	return e
}

func must[K Key[K]](b []byte) K { return Must(Decode[K](b)) }

// listElements returns the elements of the validated list src.
func listElements(src []byte) []Element {
	list := []Element{}
	for src = src[1:]; ; {
		if src[0] != codeNull {
			n, _ := skip(src, MaxDepth)
			list = append(list, Element{string(src[:n])})
			src = src[n:]
			continue
		}
		if len(src) == 1 || src[1] != escape {
			return list
		}
		list = append(list, Null())
		src = src[2:]
	}
}

// skip returns the length of the element at the front of src, or an error when
// it is none that AppendKey writes. depth is how many lists and descending
// elements it may open.
func skip(src []byte, depth int) (int, error) {
	if len(src) == 0 {
		return 0, wantCode(src, codeNull)
	}
	switch code := src[0]; {
	case code == codeNull, code == codeFalse, code == codeTrue:
		return 1, nil
	case code == codeBytes:
		n, _, err := textLen(src)
		return n, err
	case code == codeString:
		n, _, err := textLen(src)
		if err == nil && !utf8.Valid(src[1:n-1]) {
			// An escape makes any text invalid: it must go before one can tell.
			_, _, err = decodeString(src)
		}
		return n, err
	case code >= codeIntMin && code <= codeIntMax:
		_, _, rest, err := decodeInt(src)
		return len(src) - len(rest), err
	case code == codeFloat:
		_, rest, err := decodeFloat(src)
		return len(src) - len(rest), err
	case code == codeUUID:
		_, rest, err := UUID{}.DecodeKey(src)
		return len(src) - len(rest), err
	case code == codeTime:
		_, rest, err := Time{}.DecodeKey(src)
		return len(src) - len(rest), err
	case code == codeList && depth > 0:
		return skipList(src, depth-1)
	case code == codeDesc && depth > 0:
		return skipDesc(src, depth-1)
	case code == codeList || code == codeDesc:
		return 0, corrupt("elements lie more than 64 deep in one another")
	}
	return 0, corrupt("found " + codeName(src[0]))
}

func skipList(src []byte, depth int) (int, error) {
	for i := 1; i < len(src); {
		if src[i] != codeNull {
			n, err := skip(src[i:], depth)
			if err != nil {
				return 0, err
			}
			i += n
			continue
		}
		if i++; i == len(src) || src[i] != escape {
			return i, nil
		}
		i++
	}
	return 0, corrupt("nested tuple without an end")
}

// skipDesc inverts the rest of src once for each level; depth bounds how often.
func skipDesc(src []byte, depth int) (int, error) {
	plain := append([]byte(nil), src[1:]...)
	invert(plain)
	for i := 0; i < len(plain); {
		if plain[i] == endDesc {
			return 1 + i + 1, nil
		}
		n, err := skip(plain[i:], depth)
		if err != nil {
			return 0, err
		}
		i += n
	}
	return 0, corrupt("descending element without an end")
}
