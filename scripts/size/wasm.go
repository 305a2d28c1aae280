package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"regexp"
	"strings"
)

// A module is what of a wasm file tells where its bytes go.
type module struct {
	imported  int            // functions that are imported; their indexes come first
	bodies    []int          // bytes of each function's body
	names     map[int]string // functions' names by index
	dataBytes int
}

// A packageSize is how many bytes of code a package has.
type packageSize struct {
	path  string
	bytes int
}

var errMalformed = errors.New("malformed wasm")

// Section numbers of the wasm binary format.
const (
	sectionCustom = 0
	sectionImport = 2
	sectionCode   = 10
	sectionData   = 11
)

// parseModule reads data, a module with its name section.
func parseModule(data []byte) (*module, error) {
	header := []byte("\x00asm\x01\x00\x00\x00")
	if !bytes.HasPrefix(data, header) {
		return nil, errMalformed
	}
	m := &module{names: map[int]string{}}
	r := reader{rest: data[len(header):]}
	for len(r.rest) > 0 && !r.bad {
		id := r.byte()
		section := reader{rest: r.bytes(r.uint())}
		switch id {
		case sectionCustom:
			if string(section.bytes(section.uint())) == "name" {
				m.readNames(&section)
			}
		case sectionImport:
			m.imported = countFunctionImports(&section)
		case sectionCode:
			for n := section.uint(); n > 0 && !section.bad; n-- {
				m.bodies = append(m.bodies, len(section.bytes(section.uint())))
			}
		case sectionData:
			m.dataBytes = len(section.rest)
		}
		r.bad = r.bad || section.bad
	}
	if r.bad {
		return nil, errMalformed
	}
	return m, nil
}

// readNames reads the name section's functions, subsection 1.
func (m *module) readNames(r *reader) {
	for len(r.rest) > 0 && !r.bad {
		id := r.byte()
		sub := reader{rest: r.bytes(r.uint())}
		if id != 1 {
			continue
		}
		for n := sub.uint(); n > 0 && !sub.bad; n-- {
			index := sub.uint()
			m.names[index] = string(sub.bytes(sub.uint()))
		}
		r.bad = r.bad || sub.bad
	}
}

// countFunctionImports reads an import section as Go writes it: only functions,
// or else it is malformed to us.
func countFunctionImports(r *reader) int {
	n := r.uint()
	for i := 0; i < n && !r.bad; i++ {
		r.bytes(r.uint()) // module
		r.bytes(r.uint()) // name
		if r.byte() != 0 {
			r.bad = true
		}
		r.uint() // type
	}
	return n
}

// codeBytes returns the sum of all bodies.
func (m *module) codeBytes() int {
	sum := 0
	for _, b := range m.bodies {
		sum += b
	}
	return sum
}

// notInSymbol is what Go's linker replaces by an underscore in a wasm name.
var notInSymbol = regexp.MustCompile(`[^\w.]`)

// byPackage sums the bodies by the packages of the given import paths; what
// belongs to none, such as the linker's own, is "(other)".
func (m *module) byPackage(paths []string) []packageSize {
	mangled := map[string]string{}
	for _, p := range paths {
		mangled[notInSymbol.ReplaceAllString(p, "_")] = p
	}
	sums := map[string]int{}
	for i, size := range m.bodies {
		sums[packageOf(m.names[m.imported+i], mangled)] += size
	}
	var sizes []packageSize
	for path, size := range sums {
		sizes = append(sizes, packageSize{path, size})
	}
	return sizes
}

// packageOf returns the path whose mangled form, followed by a point, is the
// longest beginning of name.
func packageOf(name string, mangled map[string]string) string {
	for end := len(name); ; {
		end = strings.LastIndexByte(name[:end], '.')
		if end < 0 {
			return "(other)"
		}
		if path, ok := mangled[name[:end]]; ok {
			return path
		}
	}
}

// A reader takes bytes from the front of rest. What is not there sets bad and
// reads as zero.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) byte() byte {
	b := r.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// uint reads a LEB128 number below 2^31.
func (r *reader) uint() int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v >= 1<<31 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}
