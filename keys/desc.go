package keys

// Desc is a key that sorts the other way round: the greatest Value first. It
// can be a component of a tuple whose other components ascend.
type Desc[K Key[K]] struct {
	Value K
}

// AppendKey appends the value's encoding with all its bits inverted.
func (k Desc[K]) AppendKey(dst []byte) ([]byte, error) {
	b, err := k.Value.AppendKey(append(dst, codeDesc))
	if err != nil {
		return dst, err
	}
	// Without an end, "a" would be a prefix of "a\x00" and sort before it.
	b = append(b, endDesc)
	invert(b[len(dst)+1:])
	return b, nil
}

// DecodeKey decodes a descending key.
func (Desc[K]) DecodeKey(src []byte) (Desc[K], []byte, error) {
	if err := wantCode(src, codeDesc); err != nil {
		return Desc[K]{}, src, err
	}
	plain := append([]byte(nil), src[1:]...)
	invert(plain)
	var zero K
	k, rest, err := zero.DecodeKey(plain)
	if err != nil {
		return Desc[K]{}, src, err
	}
	if len(rest) == 0 || rest[0] != endDesc {
		return Desc[K]{}, src, corrupt("descending element without an end")
	}
	return Desc[K]{k}, src[len(src)-len(rest)+1:], nil
}

// String returns the key as [Fmt] prints it.
func (k Desc[K]) String() string { return fmtPart(k) }

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}
