//go:build !windows && (amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x)

package bolt

// With 64 bits there are addresses to spare.
const (
	minMap    int64 = 64 << 30
	mapFactor       = 4 // times the file's size
)
