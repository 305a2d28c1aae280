package keys

import (
	"strings"

	"github.com/larderdb/larder/backend"
)

// A UserRowID names a row that belongs to a user. The rows of a user lie
// together: Prefix[UserRowID](user) is all of them and no other user's. Both
// parts together are at most 256 bytes as a key.
//
// Its text is "alice:todo_1". A '%' or ':' in the user id is written as %25 or
// %3A there, so that no two ids have the same text.
type UserRowID struct {
	user UserID
	row  RowID
}

// NewUserRowID returns the id of user's row. A zero part is
// [backend.ErrInvalid], parts that are too long together are
// [backend.ErrTooLarge].
func NewUserRowID(user UserID, row RowID) (UserRowID, error) {
	id := UserRowID{user, row}
	b, err := id.AppendKey(nil)
	if err != nil {
		return UserRowID{}, err
	}
	if len(b) > MaxPrimaryKey {
		return UserRowID{}, tooLarge("user row id")
	}
	return id, nil
}

// ParseUserRowID returns the id whose text is s: what [UserRowID.String]
// returned for it. It is [backend.ErrInvalid] when s holds no colon, when a '%'
// before the first colon isn't that of %25 or %3A, and when a part isn't an id,
// and [backend.ErrTooLarge] when one is too long, or both together are.
func ParseUserRowID(s string) (UserRowID, error) {
	first, second, err := cutText("user row id", s)
	if err != nil {
		return UserRowID{}, err
	}
	user, err := NewUserID(first)
	if err != nil {
		return UserRowID{}, err
	}
	row, err := ParseRowID(second)
	if err != nil {
		return UserRowID{}, err
	}
	return NewUserRowID(user, row)
}

// UserID returns whose row it is.
func (id UserRowID) UserID() UserID { return id.user }

// RowID returns which of the user's rows it is.
func (id UserRowID) RowID() RowID { return id.row }

// IsZero reports whether the id is the zero one, which is no id.
func (id UserRowID) IsZero() bool { return id == UserRowID{} }

// AppendKey appends the encodings of the user id and of the row id. The zero
// id is an error.
func (id UserRowID) AppendKey(dst []byte) ([]byte, error) {
	return T2[UserID, RowID]{id.user, id.row}.AppendKey(dst)
}

// DecodeKey decodes a user's row id.
func (UserRowID) DecodeKey(src []byte) (UserRowID, []byte, error) {
	k, rest, err := T2[UserID, RowID]{}.DecodeKey(src)
	if err == nil && len(src)-len(rest) > MaxPrimaryKey {
		return UserRowID{}, src, corrupt("user row id is longer than 256 bytes")
	}
	return UserRowID{k.A, k.B}, rest, err
}

// String returns the id's text; the zero id's is empty.
func (id UserRowID) String() string {
	if id.IsZero() {
		return ""
	}
	return joinText(id.user.s, id.row.String())
}

// MarshalText returns the id's text.
func (id UserRowID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the id's text as [ParseUserRowID] does; the empty text
// is the zero id.
func (id *UserRowID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = UserRowID{}
		return nil
	}
	*id, err = ParseUserRowID(string(b))
	return err
}

// A TableID names a table: its namespace and its name there. The tables of a
// namespace lie together: Prefix[TableID](namespace) is all of them and no
// other namespace's.
//
// Its text is "ns:table". A '%' or ':' in the namespace is written as %25 or
// %3A there, so that no two ids have the same text.
type TableID struct {
	namespace NamespaceID
	table     TableName
}

// NewTableID returns the id of a table. A zero part is [backend.ErrInvalid].
func NewTableID(namespace NamespaceID, table TableName) (TableID, error) {
	id := TableID{namespace, table}
	if _, err := id.AppendKey(nil); err != nil {
		return TableID{}, err
	}
	return id, nil
}

// ParseTableID returns the id whose text is s: what [TableID.String] returned
// for it. It is [backend.ErrInvalid] when s holds no colon, when a '%' before
// the first colon isn't that of %25 or %3A, and when a part isn't an id, and
// [backend.ErrTooLarge] when one is too long.
func ParseTableID(s string) (TableID, error) {
	first, second, err := cutText("table id", s)
	if err != nil {
		return TableID{}, err
	}
	namespace, err := NewNamespaceID(first)
	if err != nil {
		return TableID{}, err
	}
	table, err := NewTableName(second)
	if err != nil {
		return TableID{}, err
	}
	return NewTableID(namespace, table)
}

// NamespaceID returns the namespace that the table is in.
func (id TableID) NamespaceID() NamespaceID { return id.namespace }

// TableName returns the table's name in its namespace.
func (id TableID) TableName() TableName { return id.table }

// IsZero reports whether the id is the zero one, which is no id.
func (id TableID) IsZero() bool { return id == TableID{} }

// AppendKey appends the encodings of the namespace and of the name. The zero
// id is an error.
func (id TableID) AppendKey(dst []byte) ([]byte, error) {
	return T2[NamespaceID, TableName]{id.namespace, id.table}.AppendKey(dst)
}

// DecodeKey decodes a table id.
func (TableID) DecodeKey(src []byte) (TableID, []byte, error) {
	k, rest, err := T2[NamespaceID, TableName]{}.DecodeKey(src)
	return TableID{k.A, k.B}, rest, err
}

// String returns the id's text; the zero id's is empty.
func (id TableID) String() string {
	if id.IsZero() {
		return ""
	}
	return joinText(id.namespace.s, id.table.s)
}

// MarshalText returns the id's text.
func (id TableID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the id's text as [ParseTableID] does; the empty text is
// the zero id.
func (id *TableID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = TableID{}
		return nil
	}
	*id, err = ParseTableID(string(b))
	return err
}

var (
	escapeColon   = strings.NewReplacer("%", "%25", ":", "%3A")
	unescapeColon = strings.NewReplacer("%25", "%", "%3A", ":")
)

func joinText(first, second string) string { return escapeColon.Replace(first) + ":" + second }

// cutText is the reverse of joinText.
func cutText(kind, s string) (first, second string, err error) {
	escaped, second, found := strings.Cut(s, ":")
	if !found {
		return "", "", &backend.Error{Class: backend.ErrInvalid, Reason: kind + " has no colon"}
	}
	first = unescapeColon.Replace(escaped)
	if escapeColon.Replace(first) != escaped {
		return "", "", &backend.Error{Class: backend.ErrInvalid, Reason: kind + " has a % that isn't of %25 or %3A"}
	}
	return first, second, nil
}
