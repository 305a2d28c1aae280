package entity_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/keys"
)

// A Citizen is what a release makes of a User. Migration leads back, too, but
// loses a name on the way.
type Citizen struct {
	Full  string
	Squad string
	Marks []string
	Born  int
}

func citizenOf(u *User) Citizen {
	return Citizen{Full: "mr " + u.Name, Squad: u.Team, Marks: slices.Clone(u.Tags), Born: -u.Age}
}

func userOf(p *Citizen) User {
	name := strings.TrimPrefix(p.Full, "mr ")
	if name == "n3" {
		name = "n2"
	}
	return User{Name: name, Team: p.Squad, Tags: slices.Clone(p.Marks), Age: -p.Born}
}

// An Event is the row of the model's second store, under composite keys.
type Event struct {
	Level int
	Refs  []string
}

type eventKey = keys.T2[keys.String, keys.Int]

func someOf[T any](all ...T) *rapid.Generator[T] { return rapid.SampledFrom(all) }

func stringKeys(all []string) []keys.String {
	var ks []keys.String
	for _, s := range all {
		ks = append(ks, keys.String(s))
	}
	return ks
}

// modelUsers and modelEvents return stores whose rows are few enough to meet.
func modelUsers() modelStore { return newTable("users", userKind()) }

func modelEvents() modelStore { return newTable("events", eventKind()) }

func someUserIDs() *rapid.Generator[keys.UserID] {
	return someOf(uid("a"), uid("aa"), uid("b"), uid("c"), uid("d"), uid("é"))
}

func userKind() rowKind[keys.UserID, User] {
	return rowKind[keys.UserID, User]{
		ids: someUserIDs(),
		values: rapid.Custom(func(t *rapid.T) User {
			return User{
				Name: someOf("", "n1", "n2", "n3", "n\x00", "ñ").Draw(t, "name"),
				Team: someOf("", "red", "blue").Draw(t, "team"),
				Tags: rapid.SliceOfN(someOf("x", "y", "z"), 0, 4).Draw(t, "tags"),
				Age:  rapid.IntRange(-2, 2).Draw(t, "age"),
			}
		}),
		number: func(_ keys.UserID, u *User) int { return u.Age },
		next:   becoming(citizenKind, citizenOf),
		pool:   userPool(func(u *User) User { return *u }),
	}
}

func citizenKind() rowKind[keys.UserID, Citizen] {
	users := userKind().values
	return rowKind[keys.UserID, Citizen]{
		ids:    someUserIDs(),
		values: rapid.Custom(func(t *rapid.T) Citizen { u := users.Draw(t, "user"); return citizenOf(&u) }),
		number: func(_ keys.UserID, p *Citizen) int { return p.Born },
		next:   becoming(userKind, userOf),
		pool: userPool(func(p *Citizen) User {
			return User{Name: p.Full, Team: p.Squad, Tags: p.Marks, Age: p.Born}
		}),
	}
}

// userPool returns indexes of what is like a user.
func userPool[V any](like func(*V) User) []maker[keys.UserID, V] {
	return []maker[keys.UserID, V]{
		uniquely(func(_ keys.UserID, v *V) []keys.String { return []keys.String{keys.String(like(v).Name)} }),
		uniquely(func(_ keys.UserID, v *V) []keys.String { return stringKeys(like(v).Tags) }),
		indexed(func(_ keys.UserID, v *V) []keys.Int { return []keys.Int{keys.Int(like(v).Age)} }),
		indexed(func(_ keys.UserID, v *V) []keys.String { return stringKeys(like(v).Tags) }),
		indexed(func(_ keys.UserID, v *V) []keys.Desc[keys.String] {
			return []keys.Desc[keys.String]{{Value: keys.String(like(v).Name)}}
		}),
		indexed(func(_ keys.UserID, v *V) []keys.T2[keys.String, keys.Int] {
			u := like(v)
			if u.Team == "" {
				return nil
			}
			return []keys.T2[keys.String, keys.Int]{{A: keys.String(u.Team), B: keys.Int(u.Age)}}
		}),
	}
}

func eventKind() rowKind[eventKey, Event] {
	return rowKind[eventKey, Event]{
		ids: rapid.Custom(func(t *rapid.T) eventKey {
			return eventKey{A: someOf[keys.String]("", "a", "a\x00", "b").Draw(t, "a"), B: someOf[keys.Int](-256, 0, 1).Draw(t, "b")}
		}),
		values: rapid.Custom(func(t *rapid.T) Event {
			return Event{Level: rapid.IntRange(0, 2).Draw(t, "level"), Refs: rapid.SliceOfN(someOf("r", "s", "t", "u"), 0, 2).Draw(t, "refs")}
		}),
		number: func(k eventKey, e *Event) int { return e.Level + int(k.B) },
		next:   becoming(eventKind, func(e *Event) Event { return Event{Level: 2 - e.Level, Refs: slices.Clone(e.Refs)} }),
		pool: []maker[eventKey, Event]{
			uniquely(func(_ eventKey, e *Event) []keys.String { return stringKeys(e.Refs) }),
			indexed(func(k eventKey, e *Event) []keys.Int { return []keys.Int{k.B, keys.Int(e.Level)} }),
			indexed(func(_ eventKey, e *Event) []keys.Bool { return []keys.Bool{e.Level > 0} }),
		},
	}
}
