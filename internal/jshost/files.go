package jshost

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dop251/goja"
)

// files is the file system of one program, in the form of node's fs with all calls answered at once. Writing to
// standard output must not end a transaction of IndexedDB, which a wait would.
type files struct {
	dir  string // the working directory; empty: there are no files
	open map[int]*os.File
	last int
}

func newFiles(dir string) files {
	if dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs
		}
	}
	return files{dir: dir, open: map[int]*os.File{}, last: 2}
}

func (f *files) close() {
	for _, file := range f.open {
		file.Close()
	}
}

func (f *files) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(f.dir, name)
}

func (f *files) file(fd int) (*os.File, error) {
	if file := f.open[fd]; file != nil {
		return file, nil
	}
	return nil, syscall.EBADF
}

const flagDirectory = 1 << 30 // stands for O_DIRECTORY, which package os lacks

// native is what polyfill/page.js makes fs, process and path of.
func (f *files) native(p *Program) *goja.Object {
	vm := p.realm.vm
	o := vm.NewObject()
	o.Set("constants", map[string]int{
		"O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR, "O_CREAT": os.O_CREATE, "O_TRUNC": os.O_TRUNC,
		"O_APPEND": os.O_APPEND, "O_EXCL": os.O_EXCL, "O_DIRECTORY": flagDirectory,
	})
	write := func(fd int, b []byte, at int64) (int, error) {
		if fd == 1 || fd == 2 {
			p.print(fd, string(b))
			return len(b), nil
		}
		file, err := f.file(fd)
		if err != nil {
			return 0, err
		}
		if at >= 0 {
			return file.WriteAt(b, at)
		}
		return file.Write(b)
	}
	calls := vm.NewObject()
	set := func(name string, fn func(a arguments) (any, error)) {
		calls.Set(name, func(c goja.FunctionCall) goja.Value {
			if f.dir == "" && name != "write" && name != "fsync" {
				panic(ioError(vm, syscall.ENOSYS))
			}
			v, err := fn(arguments{vm, c})
			if err != nil {
				panic(ioError(vm, err))
			}
			return p.realm.toJS(v)
		})
	}
	o.Set("calls", calls)
	o.Set("write", func(c goja.FunctionCall) goja.Value {
		a := arguments{vm, c}
		n, err := write(a.int(0), a.bytes(1), -1)
		if err != nil {
			panic(ioError(vm, err))
		}
		return vm.ToValue(n)
	})
	o.Set("cwd", func(c goja.FunctionCall) goja.Value {
		if f.dir == "" {
			panic(ioError(vm, syscall.ENOSYS))
		}
		return vm.ToValue(f.dir)
	})
	o.Set("chdir", func(c goja.FunctionCall) goja.Value {
		dir := f.path(c.Argument(0).String())
		st, err := os.Stat(dir)
		if err == nil && !st.IsDir() {
			err = syscall.ENOTDIR
		}
		if f.dir == "" {
			err = syscall.ENOSYS
		}
		if err != nil {
			panic(ioError(vm, err))
		}
		f.dir = dir
		return goja.Undefined()
	})
	o.Set("resolve", func(parts []string) string {
		path := f.dir
		for _, part := range parts {
			if filepath.IsAbs(part) {
				path = part
			} else {
				path = filepath.Join(path, part)
			}
		}
		return path
	})

	set("open", func(a arguments) (any, error) {
		flags := a.int(1)
		file, err := os.OpenFile(f.path(a.string(0)), flags&^flagDirectory, fileMode(a.int(2)))
		if err != nil {
			return nil, err
		}
		if st, err := file.Stat(); flags&flagDirectory != 0 && err == nil && !st.IsDir() {
			file.Close()
			return nil, syscall.ENOTDIR
		}
		f.last++
		f.open[f.last] = file
		return f.last, nil
	})
	set("close", func(a arguments) (any, error) {
		file, err := f.file(a.int(0))
		if err != nil {
			return nil, err
		}
		delete(f.open, a.int(0))
		return nil, file.Close()
	})
	set("read", func(a arguments) (any, error) {
		file, err := f.file(a.int(0))
		if err != nil {
			return nil, err
		}
		b := a.bytes(1)[a.int(2):][:a.int(3)]
		var n int
		if a.isNull(4) {
			n, err = file.Read(b)
		} else {
			n, err = file.ReadAt(b, a.int64(4))
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return n, err
	})
	set("write", func(a arguments) (any, error) {
		at := int64(-1)
		if !a.isNull(4) {
			at = a.int64(4)
		}
		return write(a.int(0), a.bytes(1)[a.int(2):][:a.int(3)], at)
	})
	set("fsync", func(a arguments) (any, error) {
		file, err := f.file(a.int(0))
		if err != nil {
			return nil, nil // standard output and error
		}
		return nil, file.Sync()
	})
	set("fstat", func(a arguments) (any, error) {
		if fd := a.int(0); fd <= 2 {
			return map[string]any{"mode": 0o020600, "dev": 0, "ino": fd, "nlink": 1, "uid": 0, "gid": 0, "rdev": 0,
				"size": 0, "blksize": 4096, "blocks": 0, "atimeMs": 0, "mtimeMs": 0, "ctimeMs": 0}, nil
		}
		file, err := f.file(a.int(0))
		if err != nil {
			return nil, err
		}
		return status(file.Stat())
	})
	set("stat", func(a arguments) (any, error) { return status(os.Stat(f.path(a.string(0)))) })
	set("lstat", func(a arguments) (any, error) { return status(os.Lstat(f.path(a.string(0)))) })
	set("ftruncate", func(a arguments) (any, error) {
		file, err := f.file(a.int(0))
		if err != nil {
			return nil, err
		}
		return nil, file.Truncate(a.int64(1))
	})
	set("fchmod", func(a arguments) (any, error) {
		file, err := f.file(a.int(0))
		if err != nil {
			return nil, err
		}
		return nil, file.Chmod(fileMode(a.int(1)))
	})
	set("readdir", func(a arguments) (any, error) {
		entries, err := os.ReadDir(f.path(a.string(0)))
		names := make([]any, len(entries))
		for i, e := range entries {
			names[i] = e.Name()
		}
		return names, err
	})
	set("mkdir", func(a arguments) (any, error) { return nil, os.Mkdir(f.path(a.string(0)), fileMode(a.int(1))) })
	set("rename", func(a arguments) (any, error) { return nil, os.Rename(f.path(a.string(0)), f.path(a.string(1))) })
	set("truncate", func(a arguments) (any, error) { return nil, os.Truncate(f.path(a.string(0)), a.int64(1)) })
	set("chmod", func(a arguments) (any, error) { return nil, os.Chmod(f.path(a.string(0)), fileMode(a.int(1))) })
	set("utimes", func(a arguments) (any, error) {
		return nil, os.Chtimes(f.path(a.string(0)), time.Unix(a.int64(1), 0), time.Unix(a.int64(2), 0))
	})
	set("readlink", func(a arguments) (any, error) { return os.Readlink(f.path(a.string(0))) })
	set("symlink", func(a arguments) (any, error) { return nil, os.Symlink(a.string(0), f.path(a.string(1))) })
	set("link", func(a arguments) (any, error) { return nil, os.Link(f.path(a.string(0)), f.path(a.string(1))) })
	remove := func(directory bool) func(arguments) (any, error) {
		return func(a arguments) (any, error) {
			path := f.path(a.string(0))
			st, err := os.Lstat(path)
			if err == nil && st.IsDir() != directory {
				err = syscall.ENOTDIR
				if !directory {
					err = syscall.EISDIR
				}
			}
			if err != nil {
				return nil, err
			}
			return nil, os.Remove(path)
		}
	}
	set("unlink", remove(false))
	set("rmdir", remove(true))
	for _, name := range []string{"chown", "fchown", "lchown"} {
		set(name, func(arguments) (any, error) { return nil, syscall.ENOSYS })
	}
	return o
}

// arguments are those of a call from JavaScript.
type arguments struct {
	vm   *goja.Runtime
	call goja.FunctionCall
}

func (a arguments) int(i int) int       { return int(a.call.Argument(i).ToInteger()) }
func (a arguments) int64(i int) int64   { return a.call.Argument(i).ToInteger() }
func (a arguments) string(i int) string { return a.call.Argument(i).String() }
func (a arguments) isNull(i int) bool {
	return goja.IsNull(a.call.Argument(i)) || goja.IsUndefined(a.call.Argument(i))
}

// bytes is the memory of an ArrayBuffer or a view of one, not a copy.
func (a arguments) bytes(i int) []byte {
	var b []byte
	if err := a.vm.ExportTo(a.call.Argument(i), &b); err != nil {
		panic(a.vm.NewTypeError("argument %d is not a buffer", i))
	}
	return b
}

// fileMode takes over the permissions of a Unix mode.
func fileMode(unix int) fs.FileMode { return fs.FileMode(unix) & fs.ModePerm }

var errnoNames = map[syscall.Errno]string{
	syscall.EACCES: "EACCES", syscall.EBADF: "EBADF", syscall.EEXIST: "EEXIST", syscall.EINVAL: "EINVAL",
	syscall.EISDIR: "EISDIR", syscall.EMFILE: "EMFILE", syscall.ENAMETOOLONG: "ENAMETOOLONG",
	syscall.ENOENT: "ENOENT", syscall.ENOSPC: "ENOSPC", syscall.ENOSYS: "ENOSYS", syscall.ENOTDIR: "ENOTDIR",
	syscall.ENOTEMPTY: "ENOTEMPTY", syscall.EPERM: "EPERM", syscall.EROFS: "EROFS", syscall.EXDEV: "EXDEV",
	syscall.ELOOP: "ELOOP",
}

// ioError is err as node would throw it.
func ioError(vm *goja.Runtime, err error) *goja.Object {
	code := "EIO"
	var errno syscall.Errno
	if errors.As(err, &errno) {
		if name := errnoNames[errno]; name != "" {
			code = name
		}
	}
	o := vm.NewGoError(err)
	o.Set("code", code)
	return o
}
