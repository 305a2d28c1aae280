// Package jshosttest is what tests that run programs on package jshost have in common: building the programs, realms
// that end with their test, and tabs whose output is kept.
//
// A test package that builds programs has, in one file,
//
//	func TestMain(m *testing.M) { jshosttest.Main(m) }
//
// and in its tests
//
//	realm := jshosttest.NewRealm(t, jshost.Config{})
//	wasm := jshosttest.Build(t, "testdata/guest", "build")
//	tab := jshosttest.Start(t, realm, jshost.Command{Wasm: wasm, Args: []string{"put", "a"}})
package jshosttest
