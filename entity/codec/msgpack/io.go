package msgpack

import "io"

// out appends what is written to it to b.
type out struct{ b []byte }

func (o *out) Write(p []byte) (int, error) {
	o.b = append(o.b, p...)
	return len(p), nil
}

func (o *out) WriteByte(c byte) error {
	o.b = append(o.b, c)
	return nil
}

// in reads b from at on.
type in struct {
	b  []byte
	at int
}

func (i *in) Read(p []byte) (int, error) {
	if i.at == len(i.b) && len(p) > 0 {
		return 0, io.EOF
	}
	n := copy(p, i.b[i.at:])
	i.at += n
	return n, nil
}

func (i *in) ReadByte() (byte, error) {
	if i.at == len(i.b) {
		return 0, io.EOF
	}
	i.at++
	return i.b[i.at-1], nil
}

func (i *in) UnreadByte() error {
	i.at--
	return nil
}
