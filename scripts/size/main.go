// Size builds larder.wasm as it is shipped, prints its bytes raw and compressed
// and how many each package takes, and fails when the brotli form is larger
// than scripts/size/ratchet says.
//
//	go run ./scripts/size [-lower] [-all]
//
// With -lower the ratchet is set to what was measured, if that is less.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
)

// ratchet holds the most bytes that larder.wasm may have after brotli -11.
var ratchet = filepath.FromSlash("scripts/size/ratchet")

func main() {
	lower := flag.Bool("lower", false, "lower the ratchet to what was measured")
	all := flag.Bool("all", false, "list every package, not only the twenty largest")
	flag.Parse()
	if err := run(os.Stdout, *lower, *all); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

// run measures, prints, and compares with the ratchet.
func run(w io.Writer, lower, all bool) error {
	dir, err := os.MkdirTemp("", "larder-size-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	shipped, err := buildShipped(dir)
	if err != nil {
		return err
	}
	zipped, err := compressedSize(shipped, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) })
	if err != nil {
		return err
	}
	brotlied, err := compressedSize(shipped, func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24}), nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "larder.wasm  %10d bytes\n gzip -9     %10d\n brotli -11  %10d\n\n", len(shipped), zipped, brotlied)
	if err := printPackages(w, filepath.Join(dir, "named.wasm"), all); err != nil {
		return err
	}
	return compare(w, brotlied, lower)
}

// buildShipped has the npm package's own build make larder.wasm in dir, and
// returns its bytes.
func buildShipped(dir string) ([]byte, error) {
	cmd := exec.Command("node", filepath.FromSlash("js/scripts/build.mjs"), "--out", dir, "module")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building larder.wasm: %w\n%s", err, out)
	}
	return os.ReadFile(filepath.Join(dir, "larder.wasm"))
}

// buildNamed builds the same program with the names of its functions.
func buildNamed(file string) ([]byte, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-o", file, "./wasm/module")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building ./wasm/module: %w\n%s", err, out)
	}
	return os.ReadFile(file)
}

// compressedSize returns how many bytes data has when it is compressed.
func compressedSize(data []byte, compressor func(io.Writer) (io.WriteCloser, error)) (int, error) {
	var out bytes.Buffer
	w, err := compressor(&out)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(data); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	return out.Len(), nil
}

// printPackages lists the bytes of code by package. The shipped module has no
// names, so it is built once more with them.
func printPackages(w io.Writer, file string, all bool) error {
	named, err := buildNamed(file)
	if err != nil {
		return err
	}
	m, err := parseModule(named)
	if err != nil {
		return err
	}
	list := exec.Command("go", "list", "-deps", "./wasm/module")
	list.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	paths, err := list.Output()
	if err != nil {
		return fmt.Errorf("listing the module's packages: %w", err)
	}
	sizes := m.byPackage(strings.Fields(string(paths)))
	slices.SortFunc(sizes, func(a, b packageSize) int { return b.bytes - a.bytes })
	fmt.Fprintf(w, "code         %10d bytes, by package:\n", m.codeBytes())
	for i, p := range sizes {
		if i == 20 && !all {
			fmt.Fprintf(w, "             %21s … and %d more (-all)\n", "", len(sizes)-i)
			break
		}
		fmt.Fprintf(w, "             %10d  %4.1f %%  %s\n", p.bytes, 100*float64(p.bytes)/float64(m.codeBytes()), p.path)
	}
	fmt.Fprintf(w, "data         %10d bytes: strings, types, function tables\n\n", m.dataBytes)
	return nil
}

// compare holds got against the ratchet.
func compare(w io.Writer, got int, lower bool) error {
	text, err := os.ReadFile(ratchet)
	if err != nil {
		return err
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s: %w", ratchet, err)
	}
	switch {
	case got > limit:
		return fmt.Errorf("larder.wasm has %d bytes after brotli, %d more than %s allows: make it smaller, or raise the number in a commit that says why",
			got, got-limit, ratchet)
	case lower && got < limit:
		fmt.Fprintf(w, "the ratchet goes from %d to %d bytes\n", limit, got)
		return os.WriteFile(ratchet, fmt.Appendln(nil, got), 0o644)
	}
	fmt.Fprintf(w, "%d bytes below the ratchet, %d\n", limit-got, limit)
	return nil
}
