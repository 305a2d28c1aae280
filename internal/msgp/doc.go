// Package msgp walks MessagePack that came from somewhere else: it validates
// values, finds fields in them, makes keys of them, and copies them for
// JavaScript, without decoding them.
//
// It never trusts a declared length: none may exceed the bytes that are left,
// nothing is allocated by one, and values lie at most [MaxDepth] deep in one
// another. Any bytes give a result or an [Error].
//
// # Values
//
// What a value is in JavaScript depends on its format, and this is the table
// that both sides hold to:
//
//	format                                      in JavaScript   as a key
//	nil                                         null            null
//	false, true                                 boolean         bool
//	positive and negative fixint, int 8 to 32,
//	uint 8 to 32, float 32, float 64            number          float; NaN is refused
//	int 64, uint 64                             BigInt          integer
//	str, which must be UTF-8                    string          string
//	bin                                         Uint8Array      bytes
//	array                                       Array           list
//	map                                         Object          refused
//	ext -1                                      Date            time
//	ext 1, 2, 3                                 see below       refused
//
// So a JavaScript number is a float as a key, however it is written, and
// numbers of all sizes are in one order.
//
// The extension types are MessagePack's timestamp and three of our own:
//
//	type  what       payload
//	-1    Date       4, 8 or 12 bytes as in MessagePack's specification; at most
//	                 999,999,999 nanoseconds
//	1     undefined  one byte, 00
//	2     Map        its keys and values, alternating, one after another
//	3     Set        its values, one after another
//
// For example, undefined is d4 01 00, and new Map([["a", 1]]) is c7 03 02 a1 61
// 01. The payloads of Map and Set are values like any other, validated with
// them. Other extension types are passed over; they are not made in JavaScript.
//
// # Depth
//
// A number or a string is 0 deep. An array, a map, a Map or a Set is one
// deeper than the deepest value in it.
//
// # Paths
//
// An error names the value that it is about by its path from the outermost one:
// address.lat, tags[3], [0].name. In a Map, [3] is the value of the fourth pair,
// and also its key; in a Set, the fourth value. A map's key that is no string
// is "?". The path of the outermost value is empty.
package msgp
