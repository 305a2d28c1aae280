package backend

import "unicode/utf8"

// The limits that every engine holds to, in bytes, so that one schema runs
// everywhere.
const (
	MaxKey       = 1024     // a key; at least 1 byte
	MaxValue     = 16 << 20 // a value; may be empty
	MaxTx        = 64 << 20 // keys and values put, and keys deleted, of one transaction
	MaxTableName = 128      // a table's name; at least 1 byte, valid UTF-8
	StampSize    = 8        // a commit number, big-endian
)

// CheckKey returns the error that every engine reports for key, or nil.
func CheckKey(key []byte) error {
	switch {
	case len(key) == 0:
		return &Error{Class: ErrInvalid, Reason: "key is empty"}
	case len(key) > MaxKey:
		return &Error{Class: ErrTooLarge, Reason: "key is longer than 1,024 bytes", Key: key[:MaxKey]}
	}
	return nil
}

// CheckTable returns the error that every engine reports for a table's name,
// or nil.
func CheckTable(name string) error {
	switch {
	case name == "":
		return &Error{Class: ErrInvalid, Reason: "table name is empty"}
	case len(name) > MaxTableName:
		return &Error{Class: ErrTooLarge, Reason: "table name is longer than 128 bytes"}
	case !utf8.ValidString(name):
		return &Error{Class: ErrInvalid, Reason: "table name is not valid UTF-8"}
	}
	return nil
}

// CheckPut returns the error that every engine reports for the arguments of a
// Put, or nil.
func CheckPut(table string, key, value []byte, stamps []Stamp) error {
	if err := CheckTable(table); err != nil {
		return err
	}
	return CheckPair(table, key, value, stamps)
}

// CheckPair is [CheckPut] for a table whose name was checked before.
func CheckPair(table string, key, value []byte, stamps []Stamp) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if len(value) > MaxValue {
		return &Error{Class: ErrTooLarge, Reason: "value is longer than 16 MiB", Table: table, Key: key}
	}
	for _, s := range stamps {
		n := len(value)
		if s.InKey {
			n = len(key)
		}
		if s.Offset < 0 || s.Offset > n-StampSize {
			return &Error{Class: ErrInvalid, Reason: "stamp lies outside its slice", Table: table, Key: key}
		}
	}
	return nil
}

// CheckRange returns the error that every engine reports for a range, or nil.
func CheckRange(r Range) error {
	if r.Limit < 0 {
		return &Error{Class: ErrInvalid, Reason: "limit is negative"}
	}
	return nil
}
