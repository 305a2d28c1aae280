//go:build !wasm

package entity_test

import (
	"testing"

	"github.com/larderdb/larder/internal/compilefail"
)

func TestWrongTypesDoNotCompile(t *testing.T) {
	compilefail.Run(t, "testdata/compilefail")
}
