//go:build unix

package jshost

import (
	"io/fs"
	"syscall"
)

// status is what fs.stat of node gives.
func status(st fs.FileInfo, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	sys := st.Sys().(*syscall.Stat_t)
	ms := st.ModTime().UnixMilli()
	return map[string]any{
		"dev": int64(sys.Dev), "ino": int64(sys.Ino), "mode": int64(sys.Mode), "nlink": int64(sys.Nlink),
		"uid": int64(sys.Uid), "gid": int64(sys.Gid), "rdev": int64(sys.Rdev), "size": st.Size(),
		"blksize": int64(sys.Blksize), "blocks": int64(sys.Blocks), "atimeMs": ms, "mtimeMs": ms, "ctimeMs": ms,
	}, nil
}
