package main

import (
	"iter"
	"time"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A User is a row of Users.
type User struct {
	Name    keys.UserName
	Deleted time.Time // zero while the user is there
}

// Users keeps users and the rules about them: no two have the same name,
// whatever its case, and who is deleted is no longer found but keeps the name.
type Users struct {
	store  *entity.Store[keys.UserID, User]
	byName *entity.Unique[keys.UserName, keys.UserID, User]
}

// NewUsers returns the provider. Like the definitions in it, it holds no data.
func NewUsers() *Users {
	byName := entity.NewUnique("by_name", func(_ keys.UserID, u *User) keys.UserName { return u.Name.Lower() })
	return &Users{entity.New[keys.UserID]("users", msgpack.Of[User](), byName), byName}
}

// Definition is what a database is opened with.
func (p *Users) Definition() entity.Definition { return p.store }

// Create adds a user. An id that was ever used is backend.ErrExists, a name that
// is taken backend.ErrUnique.
func (p *Users) Create(tx *larder.Tx, id keys.UserID, user User) error {
	return p.store.Insert(tx, id, user)
}

// Get returns the user, or backend.ErrNotFound for one who isn't there or is
// deleted.
func (p *Users) Get(tx *larder.Tx, id keys.UserID) (User, error) {
	user, found, err := p.store.Get(tx, id)
	if err == nil && (!found || !user.Deleted.IsZero()) {
		return User{}, p.missing(id.String())
	}
	return user, err
}

// Find returns the user of that name and the id, as Get does.
func (p *Users) Find(tx *larder.Tx, name keys.UserName) (keys.UserID, User, error) {
	row, found, err := p.byName.Get(tx, name.Lower())
	if err == nil && (!found || !row.Value.Deleted.IsZero()) {
		err = p.missing(name.String())
	}
	if err != nil {
		return keys.UserID{}, User{}, err
	}
	return row.Key, row.Value, nil
}

// Rename gives the user another name. One that is taken is backend.ErrUnique.
func (p *Users) Rename(tx *larder.Tx, id keys.UserID, name keys.UserName) error {
	user, err := p.Get(tx, id)
	if err != nil {
		return err
	}
	user.Name = name
	return p.store.Put(tx, id, user)
}

// Delete marks the user as deleted. The name stays taken, since the row stays in
// the index.
func (p *Users) Delete(tx *larder.Tx, id keys.UserID, at time.Time) error {
	user, err := p.Get(tx, id)
	if err != nil {
		return err
	}
	user.Deleted = at
	return p.store.Put(tx, id, user)
}

// List yields the users who are there, in the order of their ids.
func (p *Users) List(tx *larder.Tx) iter.Seq2[*entity.Row[keys.UserID, User], error] {
	return func(yield func(*entity.Row[keys.UserID, User], error) bool) {
		for row, err := range p.store.Scan(tx, keys.All[keys.UserID]()) {
			if err == nil && !row.Value.Deleted.IsZero() {
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (p *Users) missing(key string) error {
	return &entity.Error{Op: "get", Store: p.store.Name(), Key: key, Err: backend.ErrNotFound}
}
