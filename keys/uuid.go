package keys

import (
	"math/rand/v2"
	"sync"
	"time"
)

// NewUUID returns a new UUID of version 7 (RFC 9562): the time in milliseconds,
// and random bits. Within a process each is greater than all before it, also
// within one millisecond and when the clock was put back. It is safe for
// concurrent use.
//
// Nobody else has made the same, but who knows some may guess others: a UUID is
// a key, no secret.
func NewUUID() UUID { return newest.next(time.Now().UnixMilli()) }

// newest is what the process made last.
var newest = uuidClock{ms: -1}

// A uuidClock makes UUIDs, each greater than the one before. The 74 bits after
// the time are the counter of RFC 9562, 6.2, method 2: random at first in each
// millisecond, and raised by a random amount within it.
type uuidClock struct {
	mu sync.Mutex
	ms int64
	hi uint64 // 12 bits, before the variant
	lo uint64 // 62 bits, after it
}

const (
	maxUUIDTime = 1<<48 - 1
	maxUUIDHigh = 1<<12 - 1
	maxUUIDLow  = 1<<62 - 1
)

func (c *uuidClock) next(ms int64) UUID {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ms = min(max(ms, 0), maxUUIDTime); ms > c.ms {
		c.begin(ms)
	} else if c.lo += 1 + rand.Uint64()>>32; c.lo > maxUUIDLow {
		c.lo &= maxUUIDLow
		if c.hi++; c.hi > maxUUIDHigh {
			c.begin(c.ms + 1)
		}
	}
	var k UUID
	for i := range 6 {
		k[i] = byte(c.ms >> (40 - 8*i))
	}
	k[6], k[7] = 0x70|byte(c.hi>>8), byte(c.hi)
	for i := range 8 {
		k[8+i] = byte(c.lo >> (56 - 8*i))
	}
	k[8] |= 0x80
	return k
}

// begin sets the counter for a new millisecond. Its highest bit is 0, so that
// there is room above.
func (c *uuidClock) begin(ms int64) {
	c.ms, c.hi, c.lo = ms, rand.Uint64()&(maxUUIDHigh>>1), rand.Uint64()&maxUUIDLow
}
