package keys

// T2 is a key of two components, ordered by A, then by B.
type T2[A Key[A], B Key[B]] struct {
	A A
	B B
}

// AppendKey appends the components' encodings, one after another.
func (k T2[A, B]) AppendKey(dst []byte) ([]byte, error) {
	b, err := k.A.AppendKey(dst)
	if err == nil {
		b, err = k.B.AppendKey(b)
	}
	if err != nil {
		return dst, err
	}
	return b, nil
}

// DecodeKey decodes the components, one after another.
func (T2[A, B]) DecodeKey(src []byte) (T2[A, B], []byte, error) {
	var k T2[A, B]
	var err error
	rest := src
	if k.A, rest, err = k.A.DecodeKey(rest); err != nil {
		return T2[A, B]{}, src, err
	}
	if k.B, rest, err = k.B.DecodeKey(rest); err != nil {
		return T2[A, B]{}, src, err
	}
	return k, rest, nil
}

// String returns the key as [Fmt] prints it.
func (k T2[A, B]) String() string { return fmtPart(k) }

// T3 is a key of three components, ordered by A, then by B, then by C.
type T3[A Key[A], B Key[B], C Key[C]] struct {
	A A
	B B
	C C
}

// AppendKey appends the components' encodings, one after another.
func (k T3[A, B, C]) AppendKey(dst []byte) ([]byte, error) {
	b, err := k.A.AppendKey(dst)
	if err == nil {
		b, err = k.B.AppendKey(b)
	}
	if err == nil {
		b, err = k.C.AppendKey(b)
	}
	if err != nil {
		return dst, err
	}
	return b, nil
}

// DecodeKey decodes the components, one after another.
func (T3[A, B, C]) DecodeKey(src []byte) (T3[A, B, C], []byte, error) {
	var k T3[A, B, C]
	var err error
	rest := src
	if k.A, rest, err = k.A.DecodeKey(rest); err != nil {
		return T3[A, B, C]{}, src, err
	}
	if k.B, rest, err = k.B.DecodeKey(rest); err != nil {
		return T3[A, B, C]{}, src, err
	}
	if k.C, rest, err = k.C.DecodeKey(rest); err != nil {
		return T3[A, B, C]{}, src, err
	}
	return k, rest, nil
}

// String returns the key as [Fmt] prints it.
func (k T3[A, B, C]) String() string { return fmtPart(k) }

// T4 is a key of four components, ordered by A, then by B, and so on.
type T4[A Key[A], B Key[B], C Key[C], D Key[D]] struct {
	A A
	B B
	C C
	D D
}

// AppendKey appends the components' encodings, one after another.
func (k T4[A, B, C, D]) AppendKey(dst []byte) ([]byte, error) {
	b, err := k.A.AppendKey(dst)
	if err == nil {
		b, err = k.B.AppendKey(b)
	}
	if err == nil {
		b, err = k.C.AppendKey(b)
	}
	if err == nil {
		b, err = k.D.AppendKey(b)
	}
	if err != nil {
		return dst, err
	}
	return b, nil
}

// DecodeKey decodes the components, one after another.
func (T4[A, B, C, D]) DecodeKey(src []byte) (T4[A, B, C, D], []byte, error) {
	var k T4[A, B, C, D]
	var err error
	rest := src
	if k.A, rest, err = k.A.DecodeKey(rest); err != nil {
		return T4[A, B, C, D]{}, src, err
	}
	if k.B, rest, err = k.B.DecodeKey(rest); err != nil {
		return T4[A, B, C, D]{}, src, err
	}
	if k.C, rest, err = k.C.DecodeKey(rest); err != nil {
		return T4[A, B, C, D]{}, src, err
	}
	if k.D, rest, err = k.D.DecodeKey(rest); err != nil {
		return T4[A, B, C, D]{}, src, err
	}
	return k, rest, nil
}

// String returns the key as [Fmt] prints it.
func (k T4[A, B, C, D]) String() string { return fmtPart(k) }
