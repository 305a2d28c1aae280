package keys

import (
	"cmp"
	"time"
)

// Time is an instant, to the nanosecond, without a place or a monotonic clock:
// two that are equal instants are equal keys. The zero Time is the beginning
// of 1970 in UTC.
type Time struct {
	sec  int64 // since 1970 in UTC
	nsec int32 // 0 to 999,999,999, also before 1970
}

// TimeOf returns the instant of t.
func TimeOf(t time.Time) Time { return Time{t.Unix(), int32(t.Nanosecond())} }

// Time returns the instant in UTC.
func (k Time) Time() time.Time { return time.Unix(k.sec, int64(k.nsec)).UTC() }

// Compare returns -1, 0 or +1 as k is before, at or after o.
func (k Time) Compare(o Time) int {
	return cmp.Or(cmp.Compare(k.sec, o.sec), cmp.Compare(k.nsec, o.nsec))
}

// AppendKey appends the instant's encoding; it can't fail.
func (k Time) AppendKey(dst []byte) ([]byte, error) {
	dst = appendInt64(append(dst, codeTime), k.sec)
	return appendInt64(dst, int64(k.nsec)), nil
}

// DecodeKey decodes an instant.
func (Time) DecodeKey(src []byte) (Time, []byte, error) {
	if err := wantCode(src, codeTime); err != nil {
		return Time{}, src, err
	}
	sec, rest, err := decodeInt64(src[1:])
	if err != nil {
		return Time{}, src, err
	}
	nsec, rest, err := decodeInt64(rest)
	if err != nil {
		return Time{}, src, err
	}
	if nsec < 0 || nsec > 999_999_999 {
		return Time{}, src, corrupt("nanoseconds are not 0 to 999,999,999")
	}
	return Time{sec, int32(nsec)}, rest, nil
}

// String returns the instant as RFC 3339 in UTC.
func (k Time) String() string { return k.Time().Format(time.RFC3339Nano) }

// MarshalText returns the instant as RFC 3339; a year that is not 0 to 9999
// is an error.
func (k Time) MarshalText() ([]byte, error) {
	b, err := k.Time().MarshalText()
	if err != nil {
		return nil, invalid(err.Error())
	}
	return b, nil
}

// UnmarshalText reads RFC 3339, in any zone.
func (k *Time) UnmarshalText(b []byte) error {
	var t time.Time
	if err := t.UnmarshalText(b); err != nil {
		return invalid(err.Error())
	}
	*k = TimeOf(t)
	return nil
}
