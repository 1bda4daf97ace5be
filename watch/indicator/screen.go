package indicator

import "entente/observable"

// Screen tells which of many events surely meet nothing of a set. What rules out a value is one look at a place of memory that is
// seldom at hand. Match waits for it; here none waits for another. The zero Screen is ready, and keeps its memory. It is not safe
// for concurrent use.
type Screen struct {
	set    *Set
	four   []look // by addresses of IPv4
	names  []look // by the keys of names' last labels
	digits []look // by the first digits of hashes
	exact  []look // by keys
	may    []bool // for each event
}

// look is what is asked for one value of an event.
type look struct {
	key   uint64
	event uint32
}

// Begin empties the screen. A nil set is empty.
func (c *Screen) Begin(s *Set) {
	c.set, c.four, c.names, c.digits, c.exact, c.may = s, c.four[:0], c.names[:0], c.digits[:0], c.exact[:0], c.may[:0]
}

// Next begins with another event.
func (c *Screen) Next() { c.may = append(c.may, false) }

// Add enters a value of the event.
func (c *Screen) Add(v *observable.Value) {
	if c.set == nil || c.set.size == 0 {
		return
	}
	switch v.Type {
	case observable.IPv4:
		c.addr4(v.Canonical)
	case observable.Domain:
		c.name(v.Canonical)
	case observable.MD5, observable.SHA1, observable.SHA256:
		if text := v.Canonical; len(text) >= shortestHash {
			c.digits = append(c.digits, look{digitsKey(load(text, 0), load(text, halfDigits)), c.event()})
		}
	case observable.Email:
		c.key(textKey(c.set.hash, ofEmail, v.Canonical))
		c.host(v)
	case observable.URL:
		if c.set.urls {
			c.key(textKey(c.set.hash, ofURLHost, hostOf(*v)))
		}
		c.host(v)
	default: // there are few
		c.may[len(c.may)-1] = true
	}
}

func (c *Screen) host(v *observable.Value) {
	switch host, _ := v.Host(); host.Type {
	case observable.Domain:
		c.name(host.Canonical)
	case observable.IPv4:
		c.addr4(host.Canonical)
	default:
		c.may[len(c.may)-1] = true
	}
}

func (c *Screen) addr4(text string) {
	if addr, ok := observable.ParseIPv4(text); ok {
		c.four = append(c.four, look{uint64(addr), c.event()})
	}
}

func (c *Screen) name(name string) {
	if c.set.names {
		c.names = append(c.names, look{tailKey(name), c.event()})
	}
}

func (c *Screen) key(key uint64) { c.exact = append(c.exact, look{key, c.event()}) }

func (c *Screen) event() uint32 { return uint32(len(c.may) - 1) }

// Judge says for each event whether Match could report anything of its values, until the next Begin.
func (c *Screen) Judge() []bool {
	s := c.set
	for _, l := range c.four {
		if s.four.may(l.key) || s.nets.contains4(uint32(l.key)) {
			c.may[l.event] = true
		}
	}
	for _, l := range c.names {
		if s.suffix.may(l.key) {
			c.may[l.event] = true
		}
	}
	for _, l := range c.digits {
		if s.digits.may(l.key) {
			c.may[l.event] = true
		}
	}
	for _, l := range c.exact {
		if s.exact.may(l.key) {
			c.may[l.event] = true
		}
	}
	return c.may
}
