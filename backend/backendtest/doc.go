// Package backendtest is the conformance suite of package backend, which
// every engine runs, natively and in wasm:
//
//	func TestConformance(t *testing.T) {
//		backendtest.Run(t, backendtest.Config{
//			Open: func(tb testing.TB, name string) (backend.Store, error) { return memory.New(), nil },
//		})
//	}
//
// Each case is a rule of the contract. It logs the rule in words before it
// runs, so that a failure, or a run with -v, reads as the rule that was broken
// and not as a difference of bytes. The suite asks a [Config] what an engine
// promises, and never which engine it is.
package backendtest
