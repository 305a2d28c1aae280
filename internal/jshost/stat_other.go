//go:build !unix

package jshost

import "io/fs"

// status is what fs.stat of node gives, as far as package os knows it.
func status(st fs.FileInfo, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	mode := int64(st.Mode().Perm()) | 0o100000
	if st.IsDir() {
		mode = int64(st.Mode().Perm()) | 0o040000
	}
	ms := st.ModTime().UnixMilli()
	return map[string]any{
		"dev": 0, "ino": 0, "mode": mode, "nlink": 1, "uid": 0, "gid": 0, "rdev": 0, "size": st.Size(),
		"blksize": 4096, "blocks": (st.Size() + 511) / 512, "atimeMs": ms, "mtimeMs": ms, "ctimeMs": ms,
	}, nil
}
