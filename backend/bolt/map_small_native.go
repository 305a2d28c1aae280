//go:build !wasm && (windows || !(amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x))

package bolt

// With 32 bits there are no addresses to spare, and Windows makes the file as
// large as its map: it would grow each time that it is opened.
const (
	minMap    int64 = 16 << 20
	mapFactor       = 1 // times the file's size
)
