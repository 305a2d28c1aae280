package keys

import "strings"

// A UserID names a user. It is 1 to 120 bytes of text.
type UserID struct {
	_ kind[UserID]
	text
}

// NewUserID returns s as a user id. Too long a text is
// [backend.ErrTooLarge], any other that isn't one is [backend.ErrInvalid].
func NewUserID(s string) (UserID, error) {
	t, err := newText("user id", s, MaxID)
	return UserID{text: t}, err
}

// DecodeKey decodes a user id.
func (UserID) DecodeKey(src []byte) (UserID, []byte, error) {
	t, rest, err := decodeID("user id", src, MaxID)
	return UserID{text: t}, rest, err
}

// UnmarshalText reads the id's text; the empty text is the zero id.
func (id *UserID) UnmarshalText(b []byte) (err error) {
	id.text, err = unmarshalID("user id", b, MaxID)
	return err
}

// A NamespaceID names a namespace, which holds tables. It is 1 to 120 bytes of text.
type NamespaceID struct {
	_ kind[NamespaceID]
	text
}

// NewNamespaceID returns s as a namespace id. Too long a text is
// [backend.ErrTooLarge], any other that isn't one is [backend.ErrInvalid].
func NewNamespaceID(s string) (NamespaceID, error) {
	t, err := newText("namespace id", s, MaxID)
	return NamespaceID{text: t}, err
}

// DecodeKey decodes a namespace id.
func (NamespaceID) DecodeKey(src []byte) (NamespaceID, []byte, error) {
	t, rest, err := decodeID("namespace id", src, MaxID)
	return NamespaceID{text: t}, rest, err
}

// UnmarshalText reads the id's text; the empty text is the zero id.
func (id *NamespaceID) UnmarshalText(b []byte) (err error) {
	id.text, err = unmarshalID("namespace id", b, MaxID)
	return err
}

// A TableName names a table within its namespace. It is 1 to 120 bytes of text.
type TableName struct {
	_ kind[TableName]
	text
}

// NewTableName returns s as a table name. Too long a text is
// [backend.ErrTooLarge], any other that isn't one is [backend.ErrInvalid].
func NewTableName(s string) (TableName, error) {
	t, err := newText("table name", s, MaxID)
	return TableName{text: t}, err
}

// DecodeKey decodes a table name.
func (TableName) DecodeKey(src []byte) (TableName, []byte, error) {
	t, rest, err := decodeID("table name", src, MaxID)
	return TableName{text: t}, rest, err
}

// UnmarshalText reads the id's text; the empty text is the zero id.
func (id *TableName) UnmarshalText(b []byte) (err error) {
	id.text, err = unmarshalID("table name", b, MaxID)
	return err
}

// A StorageID names a place where tables keep what they flush. It is 1 to 120 bytes of text.
type StorageID struct {
	_ kind[StorageID]
	text
}

// NewStorageID returns s as a storage id. Too long a text is
// [backend.ErrTooLarge], any other that isn't one is [backend.ErrInvalid].
func NewStorageID(s string) (StorageID, error) {
	t, err := newText("storage id", s, MaxID)
	return StorageID{text: t}, err
}

// DecodeKey decodes a storage id.
func (StorageID) DecodeKey(src []byte) (StorageID, []byte, error) {
	t, rest, err := decodeID("storage id", src, MaxID)
	return StorageID{text: t}, rest, err
}

// UnmarshalText reads the id's text; the empty text is the zero id.
func (id *StorageID) UnmarshalText(b []byte) (err error) {
	id.text, err = unmarshalID("storage id", b, MaxID)
	return err
}

// A JobID names a job. It is 1 to 254 bytes of text.
type JobID struct {
	_ kind[JobID]
	text
}

// NewJobID returns s as a job id. Too long a text is
// [backend.ErrTooLarge], any other that isn't one is [backend.ErrInvalid].
func NewJobID(s string) (JobID, error) {
	t, err := newText("job id", s, maxLoneID)
	return JobID{text: t}, err
}

// DecodeKey decodes a job id.
func (JobID) DecodeKey(src []byte) (JobID, []byte, error) {
	t, rest, err := decodeID("job id", src, maxLoneID)
	return JobID{text: t}, rest, err
}

// UnmarshalText reads the id's text; the empty text is the zero id.
func (id *JobID) UnmarshalText(b []byte) (err error) {
	id.text, err = unmarshalID("job id", b, maxLoneID)
	return err
}

// A LiveQueryID names a live query. It is 1 to 254 bytes of text.
type LiveQueryID struct {
	_ kind[LiveQueryID]
	text
}

// NewLiveQueryID returns s as a live query id. Too long a text is
// [backend.ErrTooLarge], any other that isn't one is [backend.ErrInvalid].
func NewLiveQueryID(s string) (LiveQueryID, error) {
	t, err := newText("live query id", s, maxLoneID)
	return LiveQueryID{text: t}, err
}

// DecodeKey decodes a live query id.
func (LiveQueryID) DecodeKey(src []byte) (LiveQueryID, []byte, error) {
	t, rest, err := decodeID("live query id", src, maxLoneID)
	return LiveQueryID{text: t}, rest, err
}

// UnmarshalText reads the id's text; the empty text is the zero id.
func (id *LiveQueryID) UnmarshalText(b []byte) (err error) {
	id.text, err = unmarshalID("live query id", b, maxLoneID)
	return err
}

// A UserName is the name that a user goes by, and looks up a [UserID]. It is 1
// to 120 bytes of text, in lower case too.
type UserName struct {
	_ kind[UserName]
	text
}

// NewUserName returns s as a user name. Too long a text is
// [backend.ErrTooLarge], any other that isn't one is [backend.ErrInvalid].
func NewUserName(s string) (UserName, error) {
	t, err := newText("user name", s, MaxID)
	if err == nil {
		_, err = newText("user name in lower case", strings.ToLower(s), MaxID)
	}
	if err != nil {
		return UserName{}, err
	}
	return UserName{text: t}, nil
}

// DecodeKey decodes a user name.
func (UserName) DecodeKey(src []byte) (UserName, []byte, error) {
	t, rest, err := decodeID("user name", src, MaxID)
	if err != nil {
		return UserName{}, src, err
	}
	id, err := NewUserName(t.s)
	if err != nil {
		return UserName{}, src, corrupt("stored id is not one: " + err.Error())
	}
	return id, rest, nil
}

// UnmarshalText reads the id's text; the empty text is the zero id.
func (id *UserName) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = UserName{}
		return nil
	}
	*id, err = NewUserName(string(b))
	return err
}

// LocalStorageID returns "local", the storage that is used where none is named.
func LocalStorageID() StorageID { return StorageID{text: text{"local"}} }

// Lower returns the name in lower case, by Unicode's mapping of single
// characters: the key of an index that finds names whatever their case.
func (id UserName) Lower() UserName { return UserName{text: text{strings.ToLower(id.s)}} }
