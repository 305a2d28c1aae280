package keys

// A UUIDClock makes UUIDs as the process's own does, at times that a test says.
type UUIDClock = uuidClock

// At returns the next UUID at a time.
func (c *UUIDClock) At(ms int64) UUID { return c.next(ms) }

// Fill leaves no room in the clock's counter.
func (c *UUIDClock) Fill() { c.hi, c.lo = maxUUIDHigh, maxUUIDLow }
