// Package keys encodes typed keys so that the order of the bytes is the order
// of the values, on every engine and in every language that reads the format.
//
// A key is a [Key]: a scalar ([Int], [Uint], [Float], [String], [Bytes],
// [Bool], [UUID], [Time]), an id ([RowID], [UserID] and the others, which can't
// be mistaken for one another), a tuple of keys ([T2], [T3], [T4]), a
// descending key ([Desc]), or an [Element] of a kind known only at run time. A
// [Range] selects keys.
//
// # Ids
//
// Each kind of id is a type of its own, so that none can be passed for another
// or converted to it, nor can a string. The constructors check what they are given. [RowID] is any
// bytes; the others are text: not empty, not too long, valid UTF-8, without
// control characters (U+0000 to U+001F and U+007F). Case matters. The zero id is
// no id: it is refused as a key, and its text is empty, so that a field that
// holds none can be stored.
//
// # Format
//
// A key is one or more elements, one after another, in the format of
// FoundationDB's tuple layer. Its specification is design/tuple.md in
// FoundationDB's repository. An element is a type code and what follows it:
//
//	null           00
//	bytes          01, the bytes with FF after each 00, then 00
//	string         02, the UTF-8 bytes with FF after each 00, then 00
//	nested tuple   05, the elements, with null as 00 FF, then 00
//	integer        14 is 0; 14+n, and then the n bytes of the number, big-endian;
//	               14-n, and then the n bytes of its magnitude, inverted
//	float          21, the 8 bytes of IEEE 754 binary64, big-endian, all bits
//	               inverted where the sign is set, only the sign bit where not
//	false, true    26, 27
//	UUID           30, the 16 bytes
//	descending     40, then, with all bits inverted, the elements and FE
//	time           41, the seconds since 1970-01-01T00:00:00Z as an integer, the
//	               nanoseconds after them, 0 to 999,999,999, as an integer
//
// For example:
//
//	null                               00
//	bytes FF 00 01                     01 ff 00 ff 01 00
//	string "é\x00"                     02 c3 a9 00 ff 00
//	nested tuple (null, "a")           05 00 ff 02 61 00 00
//	integer 0                          14
//	integer 255                        15 ff
//	integer 256                        16 01 00
//	integer 1<<64-1                    1c ff ff ff ff ff ff ff ff
//	integer -1                         13 fe
//	integer -1<<63                     0c 7f ff ff ff ff ff ff ff
//	float 0                            21 80 00 00 00 00 00 00 00
//	float 1.5                          21 bf f8 00 00 00 00 00 00
//	float -1.5                         21 40 07 ff ff ff ff ff ff
//	true                               27
//	UUID 00112233-4455-…-ccddeeff      30 00 11 22 33 44 55 … cc dd ee ff
//	descending 255                     40 ea 00 01
//	descending "a"                     40 fd 9e ff 01
//	time 1970-01-01T00:00:01.5Z        41 15 01 18 1d cd 65 00
//
// Descending elements and times are Larder's extensions; their codes are from
// 40 to 4F, which the format leaves to its users. A time has a code of its own,
// and is not a nested tuple, so that a key of kinds known at run time can hold
// it beside lists of two integers.
//
// Each value has one encoding only: integers are as short as they can be, -0 is
// stored as 0, NaN and strings that are not valid UTF-8 are refused. The
// format's integers of more than 64 bits, floats of 32 bits and versionstamps
// are not written and not read.
//
// # Properties
//
// For keys a and b of one type:
//
//   - The bytes of a sort before those of b exactly when a sorts before b.
//   - Different keys have different encodings, also when other elements follow.
//   - Where the encoding of a is the beginning of that of b, b goes on with FF,
//     which begins no element. So a, and all that begins with a and goes on with
//     an element, is what lies from a up to a followed by FF: see [Within].
//   - Decoding what was encoded gives the same key, and any bytes give a key or
//     an error.
package keys
