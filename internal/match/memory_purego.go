//go:build purego

package match

import "encoding/binary"

func load32(data []byte, at int) uint32 { return binary.LittleEndian.Uint32(data[at : at+4]) }

func load64(data []byte, at int) uint64 { return binary.LittleEndian.Uint64(data[at : at+8]) }

// follow returns the position that one is linked to.
func follow[P Position](link []P, at int) int { return int(link[at]) }

// replace puts a position into a hash table and returns what was there.
func replace[P Position](head []P, hash uint32, pos P) P {
	old := head[hash]
	head[hash] = pos
	return old
}
